/// The span that does nothing.
public final class NoopSpan: Span {
    /// The span of every no-op tracer.
    public static let shared = NoopSpan()
    /// The span of the no-op scope manager.
    static let active = NoopSpan()

    private init() {}

    /// An empty context.
    public var context: any SpanContext { NoopSpanContext() }
    /// ``NoopTracer/shared``.
    public var tracer: any Tracer { NoopTracer.shared }
    /// False.
    public var isRecording: Bool { false }

    /// Does nothing.
    public func rename(to operationName: String) {}
    /// Does nothing.
    public func setTag(_ key: String, to value: FieldValue) {}
    /// Does nothing.
    public func log(_ fields: Fields, at timestamp: Double?) {}
    /// Does nothing.
    public func setBaggageItem(_ key: String, to value: String?) {}
    /// Nil.
    public func baggageItem(_ key: String) -> String? { nil }
    /// Does nothing.
    public func finish(at time: Double?) {}
}

/// The context of the span that does nothing: no identity, no baggage.
public struct NoopSpanContext: SpanContext {
    /// Makes a context.
    public init() {}

    /// Empty.
    public var baggage: Baggage { [:] }

    /// The context itself.
    public func settingBaggageItem(_ key: String, to value: String?) -> NoopSpanContext { self }
}
