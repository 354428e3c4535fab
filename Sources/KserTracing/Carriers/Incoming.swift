import Kser
import OpenTracing

extension Tracing {
    /// The context in the headers of a record; nil when there is none, or a malformed one.
    ///
    /// - Parameters:
    ///   - headers: the headers.
    ///   - carrier: what came in the message itself. Beside a sealed one the headers tell who the span is, and no more: the
    ///     rest is taken from there, when it is of the same trace.
    /// - Returns: the context.
    func context(in headers: [Record.Header], completedBy carrier: JSONObject? = nil) -> (any SpanContext)? {
        if headers.isEmpty { return nil }
        let entries = headers.compactMap { header -> TextMap.Entry? in
            guard let value = header.value.flatMap({ String(validating: $0, as: UTF8.self) }) else { return nil }
            return (header.name, value)
        }
        let map = TextMap(entries)
        guard let carrier, !carrier.isEmpty else { return context(in: map) }
        return context(in: map.completed(by: TracingCarrier.map(carrier)))
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
        let carrier = metadata[TracingCarrier.key]?.object
        return execution.record.flatMap { context(in: $0.headers, completedBy: carrier) } ?? context(in: metadata)
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

extension TextMap {
    /// The map with the entries of another one of the same trace that it has not.
    fileprivate func completed(by other: TextMap) -> TextMap {
        let names = Set(entries.map { $0.key.lowercased() }).union(TraceIdentity.Header.all)
        let missing = other.entries.filter { !names.contains($0.key.lowercased()) }
        if missing.isEmpty { return self }
        guard let trace = TraceIdentity(self)?.traceID, trace == TraceIdentity(other)?.traceID else { return self }
        return TextMap(entries + missing)
    }
}
