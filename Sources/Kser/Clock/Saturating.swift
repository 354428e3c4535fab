/// Arithmetic with numbers that strangers, brokers and clocks choose: what is out of range is the nearest that is in it.
extension FixedWidthInteger {
    /// The sum, or the limit that it is beyond.
    @inlinable
    package func addingSaturating(_ other: Self) -> Self {
        let (sum, isOut) = addingReportingOverflow(other)
        if !isOut { return sum }
        return other < 0 ? .min : .max
    }

    /// The difference, or the limit that it is beyond.
    @inlinable
    package func subtractingSaturating(_ other: Self) -> Self {
        let (difference, isOut) = subtractingReportingOverflow(other)
        if !isOut { return difference }
        return other < 0 ? .max : .min
    }
}

extension Duration {
    /// The duration in whole milliseconds, or the limit that it is beyond.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isOut) = seconds.multipliedReportingOverflow(by: 1_000)
        if isOut { return seconds < 0 ? .min : .max }
        return whole.addingSaturating(attoseconds / 1_000_000_000_000_000)
    }
}
