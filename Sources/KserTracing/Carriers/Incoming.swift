import Kser
import OpenTracing

extension Tracing {
    /// The context in the headers of a record; nil when there is none, or a malformed one.
    func context(in headers: [Record.Header]) -> (any SpanContext)? {
        if headers.isEmpty { return nil }
        let entries = headers.compactMap { header -> TextMap.Entry? in
            guard let value = header.value.flatMap({ String(validating: $0, as: UTF8.self) }) else { return nil }
            return (header.name, value)
        }
        return context(in: TextMap(entries))
    }

    /// The context in a message's metadata; nil when there is none, or a malformed one.
    func context(in metadata: JSONObject) -> (any SpanContext)? {
        if metadata.isEmpty { return nil }
        if let carrier = metadata[TracingCarrier.key]?.object, let context = context(in: TracingCarrier.map(carrier)) {
            return context
        }
        guard let carrier = metadata[ParentSpanCarrier.key]?.object,
            let identity = ParentSpanCarrier.identity(carrier)
        else { return nil }
        return context(of: identity)
    }

    /// The context in the headers of an execution's record, or else in its metadata. The carrier `tracing` is taken out
    /// of these, as the instrumentation does.
    func takeContext(of execution: Execution) -> (any SpanContext)? {
        let metadata = execution.metadata
        if metadata.contains(TracingCarrier.key) { execution.metadata[TracingCarrier.key] = nil }
        return execution.record.flatMap { context(in: $0.headers) } ?? context(in: metadata)
    }

    private func context(in map: TextMap) -> (any SpanContext)? {
        if map.entries.isEmpty { return nil }
        if let context = extract(map) { return context }
        return TraceIdentity(map).flatMap(context(of:))
    }

    private func context(of identity: TraceIdentity) -> (any SpanContext)? { extract(identity.headers) }

    private func extract(_ map: TextMap) -> (any SpanContext)? {
        do throws(OpenTracingError) { return try tracer.extract(format, from: map) } catch { return nil }
    }
}

extension TraceCarriers {
    /// Those that metadata hold.
    init(in metadata: JSONObject) {
        self = []
        if metadata.contains(TracingCarrier.key) { insert(.tracing) }
        if metadata.contains(ParentSpanCarrier.key) { insert(.parentSpan) }
    }
}
