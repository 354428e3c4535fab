import Kser
import KserTesting
import Synchronization
import TestSupport
import Testing

@testable import KserMetrics

@Suite(.timeLimit(.minutes(3))) struct WorkerHealthTests {
    private let broker = InMemoryBroker()

    @Test("A partition with lag that does not move fails /livez; one that moves, or has none, does not")
    func progress() async throws {
        let metrics = try WorkerMetrics()
        let (gate, begun) = (Gate(), Requirement("the first begins"))
        let ended = Requirement("both are run", count: 2)
        let controller = Controller(logger: .none, monitor: metrics)
        try await controller.register("wait") { (_: JSONObject, _) in
            begun.fulfill()
            await gate.pass()
            ended.fulfill()
        }
        let worker = makeWorker(controller)
        async let running: Void = worker.run()
        for _ in 0..<2 { try await broker.makeProducer().send(Message(entrypoint: "wait"), to: "jobs") }
        try await begun.wait(atMost: .seconds(60))

        let watch = StallWatch(limit: .seconds(300))
        let start = ContinuousClock.now
        func stalled(after seconds: Int) -> [String] {
            watch.stalled(metrics.workers.assignments, now: start + .seconds(seconds))
        }
        #expect(stalled(after: 0) == [])
        #expect(stalled(after: 299) == [])
        #expect(stalled(after: 300) == ["jobs[0]"])
        #expect(stalled(after: 600) == ["jobs[0]"])
        gate.open()
        try await ended.wait(atMost: .seconds(60))
        try await withDeadline(.seconds(60), "no lag") {
            while metrics.registry.sample("kser_consumer_lag{group=\"g\",partition=\"0\",topic=\"jobs\"}") != 0 {
                await Task.yield()
            }
        }
        #expect(stalled(after: 601) == [])
        #expect(stalled(after: 9_999) == [])
        await worker.shutdown()
        try await running
    }

    @Test("A record that waits in a retry topic is no stall")
    func held() async throws {
        let metrics = try WorkerMetrics()
        let clock = ManualClock()
        let topics = RetryTopics([.seconds(3_600)], with: broker.makeProducer())
        var options = WorkerOptions(retries: RetryPolicy(inPlace: .none, topics: topics), shutdownSignals: [])
        options.clock = clock.workerClock
        let controller = Controller(logger: .none, monitor: metrics)
        try await controller.register("fail") { (_: JSONObject, _) in throw KserError.internal("no") }
        let worker = makeWorker(controller, topics: ["jobs"] + topics.names(for: "jobs"), options: options)
        async let running: Void = worker.run()
        try await broker.makeProducer().send(Message(entrypoint: "fail"), to: "jobs")
        try await clock.waitForSleepers(atMost: .seconds(60))
        let watch = StallWatch(limit: .seconds(300))
        let start = ContinuousClock.now
        let waiting = metrics.workers.assignments.filter { $0.partition.topic != "jobs" }
        #expect(waiting.first?.partition.statistics.lag == 1)
        for seconds in [0, 300, 3_000] {
            #expect(watch.stalled(metrics.workers.assignments, now: start + .seconds(seconds)) == [])
        }
        await worker.shutdown()
        try await running
    }

    @Test("Ready is who runs and has a partition")
    func assignment() async throws {
        let metrics = try WorkerMetrics()
        let check = metrics.assignmentCheck()
        #expect(await check.complaint() == "no worker runs")
        let begun = Requirement("the first begins")
        let controller = Controller(logger: .none, monitor: metrics)
        try await controller.register("begin") { (_: JSONObject, _) in begun.fulfill() }
        let worker = makeWorker(controller)
        async let running: Void = worker.run()
        try await broker.makeProducer().send(Message(entrypoint: "begin"), to: "jobs")
        try await begun.wait(atMost: .seconds(60))
        #expect(await check.complaint() == nil)
        await worker.shutdown()
        try await running
        #expect(await check.complaint() == "no worker runs")
    }

    @Test("A store of operations that does not answer is told, without where it is")
    func store() async throws {
        for store in [InMemoryOperationStore(), AwayStore()] as [any OperationStore] {
            let metrics = try WorkerMetrics()
            #expect(await metrics.storeCheck().complaint() == nil, "no worker, no store")
            let begun = Requirement("the worker")
            let controller = Controller(logger: .none, monitor: metrics)
            try await controller.register("begin") { (_: JSONObject, _) in begun.fulfill() }
            let operations = OperationCluster(store: store, producer: broker.makeProducer(), topic: "jobs")
            let worker = makeWorker(
                controller,
                options: WorkerOptions(operations: operations, shutdownSignals: [])
            )
            async let running: Void = worker.run()
            try await broker.makeProducer().send(Message(entrypoint: "begin"), to: "jobs")
            try await begun.wait(atMost: .seconds(60))
            let complaint = await metrics.storeCheck().complaint()
            let isAway = store is AwayStore
            #expect(complaint == (isAway ? "the store of operations does not answer: unavailable" : nil))
            await worker.shutdown()
            try await running
        }
    }

    private func makeWorker(
        _ controller: Controller,
        topics: [String] = ["jobs"],
        options: WorkerOptions = WorkerOptions(shutdownSignals: [])
    ) -> Worker {
        let consumer = broker.makeConsumer(topics: topics, group: "g")
        return Worker(consumer: consumer, controller: controller, options: options)
    }
}

/// A store that cannot be reached.
private struct AwayStore: OperationStore {
    private var error: StoreError { StoreError(.unavailable, "db.example.org does not answer") }

    func insert(_ operation: OperationRecord) async throws { throw error }
    func operation(_ uuid: String) async throws -> OperationRecord? { throw error }
    func identity() async throws -> String { throw error }
    func head(_ uuid: String) async throws -> OperationHead? { throw error }
    func change<Outcome: Sendable>(
        _ uuid: String,
        at time: Int64,
        _ body: @escaping @Sendable (inout OperationDraft) throws(StoreError) -> Outcome
    ) async throws -> Outcome? {
        throw error
    }
    func claimDue(at time: Int64, pause: Int64, limit: Int) async throws -> [String] { throw error }
    func running(in uuid: String) async throws -> [String] { throw error }
    func operations(matching query: StoreQuery) async throws -> [OperationSummary] { throw error }
    func tasks(matching query: StoreQuery) async throws -> [TaskRecord] { throw error }
    func history(of uuid: String) async throws -> [OperationEvent] { throw error }
    func prune(endedBefore time: Int64, statuses: Set<TaskStatus>) async throws -> Int { throw error }
}
