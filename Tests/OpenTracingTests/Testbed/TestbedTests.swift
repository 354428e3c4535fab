import Kser
import OpenTracing
import OpenTracingMock
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    /// The scenarios of the reference's testbed, each in the way of its flavour: with the imperative pair in tasks
    /// (`asyncio`) and in threads, with closures where the active span is inherited (`contextvars`).
    @Test(
        .enabled(if: VectorFile.testbed.isPresent, VectorFile.testbed.absence),
        arguments: try VectorFile.testbed.cases("results") { result in
            guard let scenario = result["scenario"]?.string, let flavour = result["flavour"]?.string,
                let test = result["test"]?.string?.split(separator: ".").last
            else { return nil }
            return "\(flavour)/\(scenario)/\(test)"
        }
    )
    func testbed(_ recorded: TracingVector) async throws {
        try recorded.given.allow("scenario", "flavour", "test", "scope_manager", "passed", "finished")
        try #require(recorded.given["passed"]?.bool == true)
        let tracer = MockTracer()
        try await Testbed.run(recorded.name, on: tracer)

        let finished = try #require(recorded.given["finished"]?.array)
        let expected = try finished.map { try TestbedSpan(#require($0.object)) }
        let actual = tracer.finishedSpans().map(TestbedSpan.init)
        // In this order; which of several tasks with one name drew which number is left open.
        #expect(actual.map(\.name) == expected.map(\.name))
        #expect(Set(actual) == Set(expected))
        #expect(tracer.activeSpan == nil)
    }
}

/// What the testbed recorded of a finished span.
struct TestbedSpan: Hashable {
    let name: String
    let traceID: Int
    let spanID: Int
    let parentID: Int?
    let tags: [String: String]
    let logs: Int

    init(_ recorded: JSONObject) throws {
        try recorded.allow("operation_name", "trace_id", "span_id", "parent_id", "tags", "logs")
        name = try recorded.text("operation_name")
        traceID = try #require(recorded["trace_id"]?.int)
        spanID = try #require(recorded["span_id"]?.int)
        parentID = recorded["parent_id"]?.int
        tags = Dictionary(
            uniqueKeysWithValues: try #require(recorded["tags"]?.object).map { ($0.key, $0.value.string ?? "?") }
        )
        logs = try #require(recorded["logs"]?.int)
    }

    init(_ span: MockSpan) {
        name = span.operationName
        traceID = Int(span.mockContext.traceID)
        spanID = Int(span.mockContext.spanID)
        parentID = span.parentID.map(Int.init)
        tags = Dictionary(uniqueKeysWithValues: span.tags.map { ($0.key, $0.value.text) })
        logs = span.logs.count
    }
}

/// Finds a scenario by its name.
enum Testbed {
    static func run(_ name: String, on tracer: MockTracer) async throws {
        let flavour = name.prefix { $0 != "/" }
        let test = String(name.dropFirst(flavour.count + 1))
        switch flavour {
        case "asyncio": try await ImperativeTestbed(tracer: tracer, runner: .tasks).run(test)
        case "threads": try await ImperativeTestbed(tracer: tracer, runner: .threads).run(test)
        case "contextvars": try await StructuredTestbed(tracer: tracer).run(test)
        default: throw UnknownVector(description: "the flavour \(name)")
        }
    }
}
