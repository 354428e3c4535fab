package import Kser
package import OpenTracing
import Testing

/// What scripts do on any tracer.
package enum ScriptedSpans {
    /// Starts the span of an operation, active or not.
    ///
    /// - Parameters:
    ///   - operation: what to start.
    ///   - tracer: what starts it.
    ///   - target: finds what `child_of` and references mean.
    /// - Returns: the span, and its scope when it is active.
    /// - Throws: when the operation holds what is not known here.
    package static func start(
        _ operation: JSONObject,
        on tracer: any Tracer,
        target: (JSON) throws -> (any SpanParent)?
    ) throws -> (span: any Span, scope: (any Scope)?) {
        try operation.allow(
            "op",
            "as",
            "scope",
            "name",
            "child_of",
            "references",
            "references_as_single",
            "tags",
            "start_time",
            "ignore_active_span",
            "finish_on_close",
            "result"
        )
        let parent = try operation["child_of"].flatMap(target)
        let references = try (operation["references"]?.array ?? []).map { reference in
            let kind = try #require(reference["type"]?.string)
            return Reference(.init(rawValue: kind), try target(#require(reference["to"])))
        }
        let tags = operation.contains("tags") ? try TypedValues.fields(operation, "tags") : [:]
        let ignoring = operation["ignore_active_span"]?.bool ?? false
        let name = operation["name"]?.string ?? ""
        guard operation["op"]?.string == "start_active_span" else {
            let span = tracer.startSpan(
                name,
                childOf: parent,
                references: references,
                tags: tags,
                startTime: operation["start_time"]?.double,
                ignoreActiveSpan: ignoring
            )
            return (span, nil)
        }
        let scope = tracer.startActiveSpan(
            name,
            childOf: parent,
            references: references,
            tags: tags,
            startTime: operation["start_time"]?.double,
            ignoreActiveSpan: ignoring,
            finishOnClose: operation["finish_on_close"]?.bool ?? true
        )
        return (scope.span, scope)
    }

    /// Does to a span what an operation says.
    ///
    /// - Returns: false when it is no operation of each tracer.
    /// - Throws: when the operation lacks something.
    package static func change(_ span: any Span, by operation: JSONObject) throws -> Bool {
        switch try operation.text("op") {
        case "set_tag":
            let value = try TypedValues.value(#require(operation["value"]))
            span.setTag(try operation.text("key"), value)
        case "log_kv":
            let fields = try TypedValues.fields(operation, "fields")
            span.log(fields, timestamp: operation["timestamp"]?.double)
        case "log_event":
            span.logEvent(try operation.text("event"), payload: try operation["payload"].map(TypedValues.value))
        case "log":
            let arguments = try #require(operation["args"])
            span.log(
                event: arguments["event"]?.string,
                payload: try arguments["payload"].map(TypedValues.value),
                timestamp: arguments["timestamp"]?.double
            )
        case "set_operation_name": span.setOperationName(try operation.text("name"))
        case "set_baggage":
            span.setBaggageItem(try operation.text("key"), try #require(operation["value"]).string)
        case "get_baggage":
            #expect(span.baggageItem(try operation.text("key")) == (try #require(operation["result"])).string)
        case "finish": span.finish(at: operation["time"]?.double)
        case "with_span_raising":
            let error = ScriptedError(description: try operation.text("message"))
            #expect(throws: ScriptedError.self) { try span.run { _ throws(ScriptedError) in throw error } }
        default: return false
        }
        return true
    }
}
