import Kser
import OpenTracing
import OpenTracingMock
import Synchronization
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    @Test(
        .enabled(if: VectorFile.mockTracer.isPresent, VectorFile.mockTracer.absence),
        arguments: try VectorFile.mockTracer.cases("scenarios") { $0["id"]?.string }
    )
    func mockTracer(_ scenario: TracingVector) throws {
        try scenario.given.allow("id", "ops", "finished", "scope_manager")
        let script = MockScript()
        for operation in try #require(scenario.given["ops"]?.array) {
            try script.perform(#require(operation.object))
        }
        let finished = try #require(scenario.given["finished"]?.array)
        let spans = script.tracer.finishedSpans()
        try #require(spans.count == finished.count)
        for (span, recorded) in zip(spans, finished) { try check(span, against: #require(recorded.object)) }
    }

    private func check(_ span: MockSpan, against recorded: JSONObject) throws {
        try recorded.allow(
            "operation_name",
            "trace_id",
            "span_id",
            "parent_id",
            "baggage",
            "tags",
            "logs",
            "start_time",
            "finish_time"
        )
        #expect(span.operationName == recorded["operation_name"]?.string)
        #expect(String(span.mockContext.traceID, radix: 16) == recorded["trace_id"]?.string)
        #expect(String(span.mockContext.spanID, radix: 16) == recorded["span_id"]?.string)
        #expect(span.parentID.map { String($0, radix: 16) } == recorded["parent_id"]?.string)
        #expect(span.mockContext.baggageItems == (try TypedValues.baggage(recorded)))
        #expect(span.startTime == recorded["start_time"]?.double)
        #expect(span.finishTime == recorded["finish_time"]?.double)
        let tags = try TypedValues.fields(recorded, "tags")
        #expect(TypedValues.match(span.tags, tags), "\(span.tags), not \(tags)")
        let logs = try #require(recorded["logs"]?.array)
        try #require(span.logs.count == logs.count)
        for (log, recorded) in zip(span.logs, logs) {
            #expect(log.timestamp == recorded["timestamp"]?.double)
            let fields = try TypedValues.fields(#require(recorded.object), "fields")
            #expect(TypedValues.match(log.fields, fields), "\(log.fields), not \(fields)")
        }
    }
}

/// Runs the operations of a scenario on a mock tracer.
final class MockScript {
    private let time: Clock
    let tracer: MockTracer
    var spans: [String: any Span] = [:]
    var scopes: [String: any Scope] = [:]
    var contexts: [String: any SpanContext] = [:]

    init() {
        let time = Clock()
        self.time = time
        tracer = MockTracer(clock: { time.now.withLock { $0 } })
    }

    private final class Clock: Sendable { let now = Mutex(1_500_000_000.0) }

    func perform(_ operation: JSONObject) throws {
        switch try operation.text("op") {
        case "start_span", "start_active_span": try start(operation)
        case "inject", "extract": try propagate(operation)
        case "active":
            let active = try #require(operation["result"])
            #expect(tracer.activeSpan === (try active.string.map { try #require(spans[$0]) }))
        case "close": try scope(operation).close()
        case "clock":
            let now = try #require(operation["time"]?.double)
            time.now.withLock { $0 = now }
        case "finished_count": #expect(tracer.finishedSpans().count == operation["result"]?.int)
        case "reset": tracer.reset()
        case "with_scope_raising":
            let (scope, error) = (try scope(operation), ScriptedError(description: try operation.text("message")))
            #expect(throws: ScriptedError.self) { try scope.run { _ throws(ScriptedError) in throw error } }
        default:
            let isKnown = try ScriptedSpans.change(span(operation), by: operation)
            try #require(isKnown, "the operation \(operation)")
        }
    }

    private func span(_ operation: JSONObject) throws -> any Span {
        try #require(spans[operation.text("span")], "\(operation)")
    }

    private func scope(_ operation: JSONObject) throws -> any Scope {
        try #require(scopes[operation.text("scope")], "\(operation)")
    }
}
