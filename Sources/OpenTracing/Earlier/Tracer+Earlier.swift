// The API of OpenTracing for Python before inject and extract, in today's terms: its documented example can be written
// line by line.

extension Tracer {
    /// Starts a span that begins a trace (Python: `start_trace`).
    public func startTrace(operationName: String, tags: Fields = [:]) -> any Span {
        startSpan(operationName, tags: tags, ignoreActiveSpan: true)
    }

    /// Starts a span in the trace of a context that came from another process (Python: `join_trace`).
    public func joinTrace(operationName: String, parentTraceContext: TraceContext, tags: Fields = [:]) -> any Span {
        startSpan(operationName, childOf: parentTraceContext, tags: tags)
    }

    /// Writes a context as two maps for headers: the span's identity, and the trace attributes if there are any (Python:
    /// `trace_context_to_text`).
    ///
    /// A tracer that knows no HTTP headers gives empty ones.
    public func traceContextToText(
        traceContext: TraceContext
    ) -> (traceContextID: [String: String], traceAttributes: [String: String]?) {
        let context = traceContext.spanContext
        var bare = context
        for (key, _) in context.baggage { bare = bare.settingBaggageItem(key, to: nil) }
        var identity: [String: String] = [:]
        var all: [String: String] = [:]
        do throws(OpenTracingError) {
            try inject(bare, as: .httpHeaders, into: &identity)
            try inject(context, as: .httpHeaders, into: &all)
        } catch {
            return ([:], nil)
        }
        let attributes = all.filter { identity[$0.key] == nil }
        return (identity, attributes.isEmpty ? nil : attributes)
    }

    /// Reads a context from the two maps, which may be one and the same (Python: `trace_context_from_text`).
    ///
    /// - Returns: the context, or nil when there is none or a malformed one.
    public func traceContextFromText(
        traceContextID: [String: String]?,
        traceAttributes: [String: String]?
    ) -> TraceContext? {
        let headers = (traceAttributes ?? [:]).merging(traceContextID ?? [:]) { $1 }
        do throws(OpenTracingError) {
            return try extract(.httpHeaders, from: headers).map { TraceContext($0) }
        } catch {
            return nil
        }
    }
}
