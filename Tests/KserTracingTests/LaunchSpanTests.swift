import Jaeger
import Kser
import KserTesting
import KserTracing
import OpenTracing
import Testing

/// An operation whose tasks run across machines is one trace.
@Suite(.timeLimit(.minutes(1)))
struct LaunchSpanTests {
    private let keeping = KeepingTracer()
    private let store = InMemoryOperationStore()

    /// Launches in the active span, and has a worker run the operation to its end.
    private func run(
        on stage: Stage,
        _ act: (LaunchedOperation) async throws -> Void = { _ in }
    ) async throws -> ExecutionResult {
        stage.broker.createTopic("dice")
        var cluster = OperationCluster(store: store, producer: stage.producer, topic: "dice")
        cluster.pollInterval = .milliseconds(5)
        let launched = try await DiceLaunch().build(logger: .none).launch(on: cluster)
        try await act(launched)
        let worker = Worker(
            consumer: stage.broker.makeConsumer(topics: ["dice"], group: "dice"),
            controller: try await stage.controller(),
            options: WorkerOptions(operations: cluster, shutdownSignals: [])
        )
        async let running: Void = worker.run()
        let result = try await launched.result()
        await worker.shutdown()
        try await running
        return result
    }

    @Test(arguments: [true, false])
    func allTasksAreInTheTraceOfTheLaunch(_ isInRequest: Bool) async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer))
        if isInRequest {
            _ = try await keeping.tracer.withActiveSpan("request") { _ in try await run(on: stage) }
        } else {
            _ = try await run(on: stage)
        }
        let launch = try keeping.only("DiceLaunch - Launch")
        let request = isInRequest ? try keeping.only("request").spanID : 0
        #expect(launch.parentID == request)
        #expect(keeping.spans("send dice").map(\.parentID) == [launch.spanID, launch.spanID, launch.spanID])
        #expect(
            Set(keeping.spans("process dice").map(\.parentID)) == Set(keeping.spans("send dice").map(\.spanID))
        )
        #expect(keeping.spans("DiceRoll - Execute").count == 3)
        #expect(Set(keeping.spans.map(\.traceID)).count == 1)
    }

    @Test func whoeverSendsATaskOnDoesSoInTheTraceOfTheLaunch() async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer))
        _ = try await run(on: stage) { launched in
            try await launched.pause()
            try await keeping.tracer.withActiveSpan("another request") { _ in try await launched.resume() }
            try await keeping.tracer.withActiveSpan("a third one") { _ in try await launched.resend() }
        }
        let launch = try keeping.only("DiceLaunch - Launch")
        let sent = keeping.spans("send dice")
        #expect(sent.count > 3)
        #expect(sent.allSatisfy { $0.traceID == launch.traceID && $0.parentID == launch.spanID })
    }

    @Test func processingMayBeLinkedInstead() async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer, relation: .link))
        _ = try await run(on: stage)
        let launch = try keeping.only("DiceLaunch - Launch")
        #expect(keeping.spans("process dice").count == 3)
        #expect(
            keeping.spans("process dice").allSatisfy { span in
                span.traceID != launch.traceID && (span.references ?? []).contains { $0.traceID == launch.traceID }
            }
        )
    }

    @Test(arguments: [(SpanConvention.former, "dice.DiceRoll"), (.instrumentation, "DiceRoll.unsafe_execute")])
    func conventionsWithoutMessageSpansContinueTheActiveSpan(_ convention: SpanConvention, _ name: String) async throws
    {
        let carriers: TraceCarriers = [.tracing, .parentSpan]
        let stage = Stage(tracing: Tracing(keeping.tracer, convention: convention, carriers: carriers))
        _ = try await keeping.tracer.withActiveSpan("request") { _ in try await run(on: stage) }
        let request = try keeping.only("request")
        #expect(keeping.spans(name).count == 3)
        #expect(keeping.spans(name).allSatisfy { $0.traceID == request.traceID && $0.parentID == request.spanID })
    }

    @Test func anOperationThatIsNotTracedHasNoCarriers() async throws {
        let stage = Stage(tracing: Tracing(NoopTracer()))
        #expect(try await run(on: stage).retcode == 0)
        #expect(!stage.broker.records(in: "dice").contains { !$0.headers.isEmpty })
    }
}
