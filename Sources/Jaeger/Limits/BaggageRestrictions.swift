/// Decides which baggage may be set.
public protocol BaggageRestrictions: Sendable {
    /// How many bytes of UTF-8 the value of a key may have; nil when the key may not be set.
    func maxLength(of key: String) -> Int?
    /// Stops what runs in the background.
    func close()
}

extension BaggageRestrictions {
    /// Does nothing.
    public func close() {}
}

/// Allows each key.
public struct UnrestrictedBaggage: BaggageRestrictions {
    private let limit: Int

    /// Makes restrictions.
    ///
    /// - Parameter maxLength: how many bytes each value may have.
    public init(maxLength: Int = 2048) { limit = maxLength }

    /// The limit.
    public func maxLength(of key: String) -> Int? { limit }
}

extension String {
    /// The text, cut to so many bytes of UTF-8 between two characters of Unicode.
    func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: max(0, limit))
        while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
