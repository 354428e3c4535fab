import Synchronization

/// A context as OpenTracing had it before spans had baggage: attributes are set on the context itself.
///
/// Those set on the context of a span become baggage of the span; those set on one that came from another process go to
/// the spans that join it. Keys ignore case.
public final class TraceContext: SpanParent {
    private let span: (any Span)?
    private let received: Mutex<any SpanContext>

    init(_ context: any SpanContext, of span: (any Span)? = nil) {
        self.span = span
        received = Mutex(context)
    }

    /// The context in today's form.
    public var spanContext: any SpanContext { span?.context ?? received.withLock { $0 } }

    /// The context in today's form.
    public var parentContext: any SpanContext { spanContext }

    /// Sets an attribute, for this trace downstream.
    @discardableResult
    public func setTraceAttribute(_ key: String, _ value: String) -> TraceContext {
        let key = key.lowercased()
        if let span {
            span.setBaggageItem(key, to: value)
        } else {
            received.withLock { $0 = $0.settingBaggageItem(key, to: value) }
        }
        return self
    }

    /// An attribute, whatever the key's case.
    public func traceAttribute(_ key: String) -> String? {
        let key = key.lowercased()
        let baggage = spanContext.baggage
        return baggage[key] ?? baggage.first { $0.key.lowercased() == key }?.value
    }
}
