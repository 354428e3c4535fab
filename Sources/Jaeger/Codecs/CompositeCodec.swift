public import OpenTracing

/// Several codecs as one: all write, and of what they read the first identity and all baggage is kept.
public struct CompositeCodec: ContextCodec {
    private let codecs: [any ContextCodec]

    /// Makes a codec of several, the most trusted first.
    public init(_ codecs: [any ContextCodec]) { self.codecs = codecs }

    /// The headers that OpenTelemetry uses unless told otherwise: `traceparent`, `tracestate` and `baggage`.
    public static let w3c = CompositeCodec([TraceContextCodec(), BaggageCodec()])

    /// Writes with each codec.
    public func inject(_ context: JaegerSpanContext, into carrier: inout Carrier) throws(OpenTracingError) {
        for codec in codecs { try codec.inject(context, into: &carrier) }
    }

    /// Reads with each codec.
    ///
    /// - Throws: the first error, when no codec found an identity.
    public func extract(from carrier: Carrier) throws(OpenTracingError) -> JaegerSpanContext? {
        var found: JaegerSpanContext?
        var failure: OpenTracingError?
        for codec in codecs {
            let context: JaegerSpanContext?
            do throws(OpenTracingError) { context = try codec.extract(from: carrier) } catch {
                failure = failure ?? error
                continue
            }
            guard let context else { continue }
            guard let earlier = found else {
                found = context
                continue
            }
            found = earlier.merging(context)
        }
        if let failure, found?.hasTrace != true { throw failure }
        return found
    }
}

extension JaegerSpanContext {
    /// The identity of the first that has one, and the baggage of both.
    func merging(_ other: JaegerSpanContext) -> JaegerSpanContext {
        var merged = hasTrace ? self : other
        merged.baggage = other.baggage.merging(baggage) { $1 }
        merged.debugID = debugID ?? other.debugID
        merged.leavesSamplingOpen = !merged.hasTrace && (leavesSamplingOpen || other.leavesSamplingOpen)
        return merged
    }
}
