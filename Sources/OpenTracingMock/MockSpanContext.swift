public import OpenTracing

/// The identity of a mock span.
public struct MockSpanContext: SpanContext, Hashable {
    /// The trace's number.
    public var traceID: UInt64
    /// The span's number.
    public var spanID: UInt64
    /// The baggage with items whose value was set to nil, which the mock tracer keeps.
    public var baggageItems: TextDictionary<String?>

    /// Makes a context.
    public init(traceID: UInt64, spanID: UInt64, baggageItems: TextDictionary<String?> = [:]) {
        self.traceID = traceID
        self.spanID = spanID
        self.baggageItems = baggageItems
    }

    /// The baggage without the items whose value is nil.
    public var baggage: Baggage { baggageItems.compactMapValues { $0 } }

    /// A copy with a baggage item set, or removed when the value is nil.
    public func settingBaggageItem(_ key: String, to value: String?) -> MockSpanContext {
        var copy = self
        copy.baggageItems[key] = value.map { .some($0) }
        return copy
    }
}
