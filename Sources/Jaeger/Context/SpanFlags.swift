/// What was decided about a trace. Bits that are not named here travel on unchanged.
public struct SpanFlags: OptionSet, Sendable, Hashable {
    /// All bits.
    public var rawValue: UInt8

    /// Makes flags of bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The trace is reported.
    public static let sampled = SpanFlags(rawValue: 1)
    /// Somebody asked for the trace: no sampler downstream may drop it.
    public static let debug = SpanFlags(rawValue: 2)
}
