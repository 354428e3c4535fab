import Kser
import OpenTracing

/// A span's context in the forms in which it goes out with a message.
struct OutgoingContext {
    /// Nil when the tracer does not know the format.
    let tracing: JSON?
    /// Nil when the tracer's own form tells no numbers.
    let parentSpan: JSON?
    private let all: [Record.Header]

    init(tracing: JSON?, parentSpan: JSON?, headers: [Record.Header]) {
        self.tracing = tracing
        self.parentSpan = parentSpan
        all = headers
    }

    /// The headers with the context; beside a sealed message only those that tell who the span is. What the application
    /// put into its baggage is in the message then.
    func headers(besideSealed isSealed: Bool) -> [Record.Header] {
        isSealed ? all.filter { TraceIdentity.Header.all.contains($0.name.lowercased()) } : all
    }

    /// Writes the context into a message's metadata, in place of an older one.
    func write(_ carriers: TraceCarriers, to metadata: inout JSONObject) {
        if carriers.contains(.tracing), let tracing { metadata[TracingCarrier.key] = tracing }
        if carriers.contains(.parentSpan), let parentSpan { metadata[ParentSpanCarrier.key] = parentSpan }
    }

    /// The headers with the context, in place of an older one.
    func headers(beside others: [Record.Header], isSealed: Bool) -> [Record.Header] {
        let headers = headers(besideSealed: isSealed)
        if others.isEmpty { return headers }
        let own = Set(all.map { $0.name.lowercased() }).union(TraceIdentity.Header.all)
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
        map = map.bounded
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

extension TextMap {
    /// The most bytes of what goes with a message beside the numbers of its span: baggage may be a stranger's.
    private static let limit = 16 << 10

    /// As many of the entries as that is.
    fileprivate var bounded: TextMap {
        var room = Self.limit
        return TextMap(
            entries.filter { entry in
                if TraceIdentity.Header.all.contains(entry.key.lowercased()) { return true }
                room -= entry.key.utf8.count + entry.value.utf8.count
                return room >= 0
            }
        )
    }
}
