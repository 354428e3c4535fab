/// What of a span travels: its identity, in the tracer's own form, and the baggage.
///
/// A context is an immutable snapshot: setting baggage on a span gives the span another context, and the ones taken
/// before stay as they were.
public protocol SpanContext: SpanParent {
    /// What users attached to the trace, for everything downstream.
    var baggage: Baggage { get }

    /// A copy with a baggage item set, or removed when the value is nil.
    func settingBaggageItem(_ key: String, to value: String?) -> Self
}

/// What a span can be a child of: a ``Span`` or a ``SpanContext``.
public protocol SpanParent: Sendable {
    /// The context that the child refers to.
    var parentContext: any SpanContext { get }
}

extension SpanContext {
    /// The context itself.
    public var parentContext: any SpanContext { self }
}
