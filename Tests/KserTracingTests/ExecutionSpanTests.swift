import Kser
import KserTracing
import OpenTracing
import OpenTracingMock
import Testing

struct ExecutionSpanTests {
    let tracer = MockTracer()

    @Test func operationIsTheDocumentedTree() async throws {
        let run = await DiceLaunch().build(uuid: "launch", logger: .none, tracing: Tracing(tracer))
        let result = await run.execute()
        #expect(result.stdout == "You made a 3")
        let roll = ["  DiceRoll - Execute", "    DiceRoll - PreRun", "    DiceRoll - Run", "    DiceRoll - PostRun"]
        #expect(
            tracer.tree == ["DiceLaunch - Execute", "  DiceLaunch - PreRun"] + roll + roll + roll
                + ["  DiceLaunch - PostRun"]
        )
        #expect(Set(tracer.finishedSpans().map(\.mockContext.traceID)).count == 1)
    }

    /// What is executed here with a context in its metadata continues that trace, in either carrier.
    @Test(
        arguments: [
            ["tracing": ["traceparent": "00-00000000000000000000000000000005-0000000000000006-01"]],
            ["__parent-span__": ["trace_id": 5, "span_id": 6, "flags": 1]],
        ] as [JSONObject]
    )
    func directExecutionContinuesTheTrace(_ metadata: JSONObject) async throws {
        let tracing = Tracing(tracer)
        _ = await DiceRoll().execute(metadata: metadata, logger: .none, tracing: tracing)
        let roll = try #require(tracer.spans("DiceRoll - Execute").first)
        #expect(roll.parentID == 6 && roll.mockContext.traceID == 5)
        _ = await DiceLaunch().build(metadata: metadata, logger: .none, tracing: tracing).execute()
        let launch = try #require(tracer.spans("DiceLaunch - Execute").first)
        #expect(launch.parentID == 6)
        #expect(Set(tracer.finishedSpans().map(\.mockContext.traceID)) == [5])
    }

    @Test func documentedNamesHoldTheUUID() async {
        let tracing = Tracing(tracer, convention: .documented)
        _ = await DiceRoll().execute(uuid: "roll", logger: .none, tracing: tracing)
        #expect(
            tracer.tree == [
                "DiceRoll[roll] - Execute", "  DiceRoll[roll] - PreRun", "  DiceRoll[roll] - Run",
                "  DiceRoll[roll] - PostRun",
            ]
        )
    }

    @Test func tagsTellOfTheResult() async throws {
        _ = await DiceRoll().execute(uuid: "roll", logger: .none, tracing: Tracing(tracer))
        let span = try #require(tracer.spans("DiceRoll - Execute").first)
        #expect(
            span.tags == [
                "uuid": "roll", "entrypoint": "dice.DiceRoll", "result.uuid": "roll", "result.retcode": 0,
                "result.stdout": "You made a 3", "result.stderr": "", "result.retval": #"{"value": 3}"#,
            ]
        )
    }

    @Test func secretsStayOutOfTags() async throws {
        let retval: JSONObject = [
            "password": "x", "Api_Token": "t", "n": ["PASSWORD2": 1, "keep": 2, "deep": ["secret": 3, "x": []]],
            "list": [["token": "t", "kept": 1]], "mine": 4,
        ]
        var tracing = Tracing(tracer)
        tracing.excludedWords.append("Mine")
        let entrypoint = Fixed(result: ExecutionResult(uuid: "u", retval: retval))
        _ = await entrypoint.execute(logger: .none, tracing: tracing)
        let span = try #require(tracer.spans("Fixed - Execute").first)
        #expect(span.tags["result.retval"] == #"{"n_keep": 2, "n_deep_x": [], "list": [{"kept": 1}]}"#)
    }

    @Test func errorIsOnTheSpansItEnded() async throws {
        let run = await DiceLaunch().build(["fails": true], logger: .none, tracing: Tracing(tracer))
        let result = await run.execute()
        #expect(result.retcode == 400)
        let failed = tracer.finishedSpans().filter { $0.tags[Tags.error] == true }.map(\.operationName)
        #expect(failed == ["DiceRoll - Run", "DiceRoll - Execute", "DiceLaunch - Execute"])
        for span in tracer.spans("DiceRoll - Execute").dropFirst() + tracer.spans("DiceLaunch - Execute") {
            #expect(span.tags["result.retcode"] == 400)
            #expect(span.logs.count == 1)
            #expect(span.logs.first?.fields[LogFields.event] == "error")
        }
        #expect(tracer.spans("DiceLaunch - PostRun").isEmpty)
    }

    @Test func handlerSeesItsSpanAsActive() async throws {
        let tracer = tracer
        let entrypoint = Doing { _ in
            await withTaskGroup { group in
                for _ in 0..<3 { group.addTask { tracer.withActiveSpan("query") { _ in } } }
            }
        }
        _ = await entrypoint.execute(logger: .none, tracing: Tracing(tracer))
        #expect(
            tracer.tree == [
                "Doing - Execute", "  Doing - PreRun", "  Doing - Run", "    query", "    query", "    query",
                "  Doing - PostRun",
            ]
        )
        #expect(tracer.activeSpan == nil)
    }

    @Test func onErrorRunsInTheSpanOfWhatFailed() async throws {
        let tracer = tracer
        let entrypoint = Doing { _ in
            throw CancellationError()
        } onError: {
            tracer.withActiveSpan("repair") { _ in }
        }
        _ = await entrypoint.execute(logger: .none, tracing: Tracing(tracer))
        #expect(tracer.tree == ["Doing - Execute", "  Doing - PreRun", "  Doing - Run", "  repair"])
    }

    @Test func concurrentTasksAreSiblings() async throws {
        let run = await Several(count: 200).build(logger: .none, tracing: Tracing(tracer))
        _ = await run.execute()
        let root = try #require(tracer.spans("Several - Execute").first)
        let tasks = tracer.spans("DiceRoll - Execute")
        #expect(tasks.count == 200)
        #expect(tasks.allSatisfy { $0.parentID == root.mockContext.spanID })
        for name in ["PreRun", "Run", "PostRun"] {
            let parents = tracer.spans("DiceRoll - \(name)").map(\.parentID)
            #expect(Set(parents) == Set(tasks.map(\.mockContext.spanID)) && parents.count == 200)
        }
    }

    @Test func inProcessTraceIsThatOfTheActiveSpan() async throws {
        await tracer.withActiveSpan("main") { _ in
            _ = await DiceRoll().execute(logger: .none, tracing: Tracing(tracer))
        }
        #expect(tracer.tree.first == "main")
        #expect(tracer.tree.dropFirst().first == "  DiceRoll - Execute")
    }

    @Test func noopTracerIsNotAsked() async throws {
        let result = await DiceRoll().execute(
            metadata: ["tracing": ["traceparent": "kept"]],
            logger: .none,
            tracing: Tracing(NoopTracer())
        )
        #expect(result.isSuccess)
    }
}

private struct Fixed: TaskEntrypoint {
    var path: String { "test.Fixed" }
    let result: ExecutionResult

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult { result }
}

private struct Doing: TaskEntrypoint {
    var path: String { "test.Doing" }
    let work: @Sendable (Execution) async throws -> Void
    var onError: @Sendable () -> Void = {}

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        try await work(execution)
        return execution.result()
    }

    func onError(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult {
        onError()
        return result
    }
}

private struct Several: OperationEntrypoint {
    var path: String { "test.Several" }
    let count: Int

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        TaskCall.concurrent { for _ in 0..<count { TaskCall(DiceRoll()) } }
    }
}
