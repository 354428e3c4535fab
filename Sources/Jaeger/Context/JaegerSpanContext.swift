public import OpenTracing

/// What of a Jaeger span travels.
///
/// A context may hold no identity at all: what came from upstream was only baggage, or only a ``debugID``. Then the
/// span that starts from it begins a trace.
public struct JaegerSpanContext: SpanContext, Hashable {
    /// The trace's number, of 64 or 128 bits; 0 when there is none.
    public var traceID: UInt128
    /// The span's number; 0 when there is none.
    public var spanID: UInt64
    /// The parent's number; nil for the first span of a trace.
    public var parentID: UInt64?
    /// What was decided about the trace.
    public var flags: SpanFlags
    /// What users attached to the trace.
    public var baggage: Baggage
    /// The value of a `jaeger-debug-id` header: the trace that starts from the context is sampled, and tagged with it.
    public var debugID: String?
    /// What other vendors attached (W3C `tracestate`).
    public var traceState: TraceState
    /// Whether the last 56 bits of the trace's number are known to be random (W3C's flag `random`).
    public var hasRandomTraceID = false
    /// For a context without an identity: whether the sampler decides about the trace that starts from it. That of Jaeger's
    /// own headers is not sampled, as Jaeger's other clients have it.
    public var leavesSamplingOpen = false

    /// Makes a context.
    public init(
        traceID: UInt128,
        spanID: UInt64,
        parentID: UInt64? = nil,
        flags: SpanFlags = [],
        baggage: Baggage = [:],
        debugID: String? = nil,
        traceState: TraceState = TraceState()
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.parentID = parentID == 0 ? nil : parentID
        self.flags = flags
        self.baggage = baggage
        self.debugID = debugID
        self.traceState = traceState
    }

    /// Makes a context without an identity.
    public init(baggage: Baggage, debugID: String? = nil) {
        self.init(traceID: 0, spanID: 0, baggage: baggage, debugID: debugID)
    }

    /// Whether the context belongs to a trace.
    public var hasTrace: Bool { traceID != 0 && spanID != 0 }
    /// Whether the trace is reported.
    public var isSampled: Bool { flags.contains(.sampled) }
    /// Whether somebody asked for the trace.
    public var isDebug: Bool { flags.contains(.debug) }

    /// A copy with a baggage item set, or removed when the value is nil.
    public func settingBaggageItem(_ key: String, to value: String?) -> JaegerSpanContext {
        var copy = self
        copy.baggage[key] = value
        return copy
    }
}

extension JaegerSpanContext: CustomStringConvertible {
    /// `trace:span:parent:flags` in hexadecimal digits, as the header `uber-trace-id` has it.
    public var description: String {
        let parent = String(parentID ?? 0, radix: 16)
        return
            "\(String(traceID, radix: 16)):\(String(spanID, radix: 16)):\(parent):\(String(flags.rawValue, radix: 16))"
    }
}
