import Kser
import KserTesting
import Synchronization
import Testing

/// Handlers that launch an operation and wait for it, where its tasks come to the topic that the handler's message came from.
@Suite(.timeLimit(.minutes(1))) struct HandlerWaitTests {
    private let stage = Stage()

    /// Registers `test.outer`, which launches an operation of two steps and waits for it with these many child tasks.
    private func registerOuter(waiting count: Int = 1) async throws {
        let steps = try await ["A", "B"].asyncMap { try await stage.step($0) }
        let operation = ClusterSteps { for step in steps { TaskCall(step) } }
        try await stage.step("outer") { [stage] execution in
            let launched = try await operation.build(logger: .none).launch(on: stage.cluster)
            do {
                return try await withThrowingTaskGroup { group in
                    for _ in 0..<count { group.addTask { try await launched.result() } }
                    var result = execution.result()
                    for try await one in group { result = execution.result(stdout: one.stdout) }
                    return result
                }
            } catch {
                stage.journal.note("refused")
                throw error
            }
        }
    }

    private func run(
        _ concurrency: Concurrency,
        topics: [String] = ["jobs"],
        _ body: () async throws -> Void
    ) async throws {
        var options = WorkerOptions()
        options.operations = stage.cluster
        options.replies = Replies(to: "answers", with: stage.broker.makeProducer())
        let worker = Worker(
            consumer: stage.broker.makeConsumer(topics: topics, group: "workers"),
            controller: stage.controller,
            concurrency: concurrency,
            options: options
        )
        try await withThrowingTaskGroup { group in
            group.addTask { try await worker.run() }
            try await body()
            await worker.shutdown()
            try await group.waitForAll()
        }
    }

    /// Sends `test.outer` and gives its answer.
    private func answer(from topic: String = "jobs") async throws -> ExecutionResult? {
        let message = Message(entrypoint: "test.outer")
        try await stage.broker.makeProducer().send(message, to: topic)
        let found = Mutex<ExecutionResult?>(nil)
        try? await stage.broker.follow("answers", from: [0: 0]) { record in
            let answer = try JSONMessageCodec().decode(record.value ?? [])
            if answer.uuid != message.uuid { return }
            found.withLock { $0 = answer.result }
            throw CancellationError()
        }
        return found.withLock { $0 }
    }

    @Test func inOrderItFailsAtOnceAndSaysWhy() async throws {
        try await registerOuter()
        try await run(.partition) {
            let answer = try await answer()
            #expect(answer?.retcode == KserError.Kind.configuration.code)
            #expect(answer?.stderr.contains("jobs[0]@0 waits for an operation") == true)
            #expect(answer?.stderr.contains("concurrency .key or .unordered") == true)
            // What was launched goes on.
            try await stage.waitForNote("B")
        }
    }

    @Test(arguments: [Concurrency.unordered(limit: 1), .key(limit: 1)])
    func otherwiseItWaitsWithoutItsPlace(_ concurrency: Concurrency) async throws {
        try await registerOuter(waiting: 3)
        let busy = Mutex((now: 0, most: 0))
        try await stage.step("busy") { execution in
            busy.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            for _ in 0..<20 { await Task.yield() }
            busy.withLock { $0.now -= 1 }
            return execution.result()
        }
        try await run(concurrency) {
            for _ in 0..<5 {
                for _ in 0..<10 {
                    try await stage.broker.makeProducer().send(Message(entrypoint: "test.busy"), to: "jobs")
                }
                #expect(try await answer()?.stdout == "B")
            }
            try await stage.settle()
        }
        // However many of its child tasks waited, one place was given back, and taken again.
        #expect(busy.withLock { $0.most } == 1)
    }

    @Test func messagesOfAnotherTopicMayWaitInOrder() async throws {
        stage.broker.createTopic("orders")
        try await registerOuter()
        try await run(.partition, topics: ["jobs", "orders"]) {
            let answer = try await answer(from: "orders")
            #expect(answer?.stdout == "B")
        }
    }
}
