import Kser
import KserTesting
import Synchronization
import Testing

/// What a monitor hears of operations across machines: of each state once, whoever brings it about.
@Suite(.timeLimit(.minutes(1))) struct MonitorTests {
    private final class States: KserMonitor {
        private let heard = Mutex<[String]>([])
        private let recovered = Mutex(0)

        var all: [String] { heard.withLock { $0 } }
        var recoveredCount: Int { recovered.withLock { $0 } }

        func operationChanged(_ execution: Execution, to status: TaskStatus) {
            heard.withLock { $0.append("\(execution.path) \(status.rawValue)") }
        }

        func operationsRecovered(_ count: Int) { recovered.withLock { $0 += count } }
    }

    private let broker = InMemoryBroker()
    private let store = InMemoryOperationStore()
    private let states = States()
    private let journal = Journal()

    private var cluster: OperationCluster {
        var cluster = OperationCluster(store: store, producer: broker.makeProducer(), topic: "jobs")
        cluster.pollInterval = .milliseconds(5)
        cluster.monitor = states
        return cluster
    }

    private func withWorkers(_ cluster: OperationCluster, _ body: () async throws -> Void) async throws {
        let controller = Controller(logger: .none, monitor: states)
        try await controller.register(ClusterStep("good", journal))
        try await controller.register(ClusterStep("bad", journal) { $0.result(retcode: 7) })
        let workers = (0..<3).map { _ in
            Worker(
                consumer: broker.makeConsumer(topics: ["jobs"], group: "workers"),
                controller: controller,
                options: WorkerOptions(operations: cluster)
            )
        }
        try await withThrowingTaskGroup { group in
            for worker in workers { group.addTask { try await worker.run() } }
            try await body()
            for worker in workers { await worker.shutdown() }
            try await group.waitForAll()
        }
    }

    private func operation(_ name: String, _ steps: ClusterStep...) async -> OperationRun {
        var operation = ClusterSteps { for step in steps { TaskCall(step) } }
        operation.path = name
        return await operation.build(logger: .none)
    }

    @Test func hearsOfEachStateOnceWhetherHooksAreThereOrNot() async throws {
        broker.createTopic("jobs", partitions: 3)
        let cluster = cluster
        let good = ClusterStep("good", journal)
        let bad = ClusterStep("bad", journal)
        try await withWorkers(cluster) {
            _ = try await operation("succeeds", good, good, good).launch(on: cluster).result()
            _ = try await operation("fails", good, bad).launch(on: cluster).result()
        }
        // Nobody runs it.
        let cancelled = try await operation("cancelled", good).launch(on: cluster)
        try await cancelled.pause()
        try await cancelled.cancel()
        #expect(
            states.all == [
                "succeeds RUNNING", "succeeds SUCCESS", "fails RUNNING", "fails FAILED", "cancelled PAUSED",
                "cancelled CANCELLED",
            ]
        )
    }

    @Test func workersRemoveWhatEndedLongerAgoThanIsKept() async throws {
        broker.createTopic("jobs")
        var cluster = cluster
        let good = ClusterStep("good", journal)
        let bad = ClusterStep("bad", journal)
        try await withWorkers(cluster) {
            _ = try await operation("succeeds", good).launch(on: cluster).result()
            _ = try await operation("fails", bad).launch(on: cluster).result()
        }
        cluster.recoveryInterval = .milliseconds(5)
        cluster.retention = OperationRetention(succeeded: .zero, failed: .seconds(3_600))
        try await withWorkers(cluster) {
            var query = StoreQuery()
            query.statuses = [.success]
            while try await !store.operations(matching: query).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        }
        #expect(try await store.operations(matching: StoreQuery()).map(\.entrypoint) == ["fails"])
        #expect(try await cluster.prune() == 0)
    }
}
