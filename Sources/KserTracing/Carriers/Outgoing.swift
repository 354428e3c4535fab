import Kser
import OpenTracing

/// A span's context in the forms in which it goes out with a message.
struct OutgoingContext {
    /// Nil when the tracer does not know the format.
    let tracing: JSON?
    /// Nil when the tracer's own form tells no numbers.
    let parentSpan: JSON?
    let headers: [Record.Header]

    /// Writes the context into a message's metadata, in place of an older one.
    func write(_ carriers: TraceCarriers, to metadata: inout JSONObject) {
        if carriers.contains(.tracing), let tracing { metadata[TracingCarrier.key] = tracing }
        if carriers.contains(.parentSpan), let parentSpan { metadata[ParentSpanCarrier.key] = parentSpan }
    }

    /// The headers with the context, in place of an older one.
    func headers(beside others: [Record.Header]) -> [Record.Header] {
        if others.isEmpty { return headers }
        let own = Set(headers.map { $0.name.lowercased() }).union(TraceIdentity.Header.all)
        return others.filter { !own.contains($0.name.lowercased()) } + headers
    }
}

extension Tracing {
    /// The context of a frame's span.
    func outgoing(_ frame: SpanFrame) -> OutgoingContext {
        var map = TextMap()
        do throws(OpenTracingError) {
            try tracer.inject(frame.span.context, as: format, into: &map)
        } catch {
            // The message goes out without a context.
            return OutgoingContext(tracing: nil, parentSpan: nil, headers: [])
        }
        let identity = TraceIdentity(map)
        if identity != nil, let baggage = BaggageHeader.value(of: frame.span.context.baggage),
            !map.entries.contains(where: { $0.key.lowercased() == BaggageHeader.name })
        {
            map[BaggageHeader.name] = baggage
        }
        let carrier = TracingCarrier.carrier(map, identity)
        if let identity {
            let written = Set(map.entries.map { $0.key.lowercased() })
            if !written.contains(TraceIdentity.Header.traceparent) {
                map[TraceIdentity.Header.traceparent] = identity.traceparent
            }
            if !written.contains(TraceIdentity.Header.uber) { map[TraceIdentity.Header.uber] = identity.uber }
        }
        return OutgoingContext(
            tracing: carrier,
            parentSpan: identity.map { ParentSpanCarrier.carrier($0, frame) },
            headers: map.entries.map { Record.Header($0.key, text: $0.value) }
        )
    }

    /// The carrier `__parent-span__` of a frame's span.
    func parentSpan(of frame: SpanFrame) -> JSON? { outgoing(frame).parentSpan }
}
