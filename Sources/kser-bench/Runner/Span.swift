/// The time from the first of many messages to the last.
struct Span {
    private let clock = ContinuousClock()
    private let count: Int
    private var seen = 0
    private var first: ContinuousClock.Instant
    private var last: ContinuousClock.Instant

    init(of count: Int) {
        self.count = count
        first = clock.now
        last = first
    }

    /// Counts messages that arrived together.
    ///
    /// - Returns: whether they were the last ones.
    mutating func note(_ arrived: Int = 1) -> Bool {
        if seen == 0 { first = clock.now }
        seen += arrived
        guard seen >= count else { return false }
        last = clock.now
        return true
    }

    /// Messages a second.
    var rate: Double { Double(seen) / (first.duration(to: last) / .seconds(1)) }
}
