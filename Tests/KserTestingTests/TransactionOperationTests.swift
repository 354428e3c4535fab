import Kser
import KserTesting
import Synchronization
import Testing

/// Operations whose steps are committed in transactions.
@Suite(.timeLimit(.minutes(1))) struct TransactionOperationTests {
    private let bench = TransactionBench(partitions: 2)
    private let store = LeavingStore()

    @Test func aStoreThatIsAwayHoldsUpNoOtherPartition() async throws {
        let journal = Journal()
        let a = ClusterStep("A", journal)
        let b = ClusterStep("B", journal)
        for step in [a, b] { try await bench.controller.register(step) }
        try await bench.controller.register("step") { (_: JSONObject, _) in }
        var cluster = OperationCluster(store: store, producer: bench.broker.makeProducer(), topic: "jobs")
        cluster.recoveryInterval = .seconds(3_600)
        // The operation fails for that, and the store is away right after it is told so.
        bench.producer.script.withLock {
            $0 = { _, records in
                let index = records.firstIndex { record in
                    (try? JSONMessageCodec().decode(record.value ?? []).entrypoint) == "test.B"
                }
                if let index { throw Refusal(verdict: .refused, failedIndex: index) }
            }
        }
        let launched = try await ClusterSteps {
            TaskCall(a)
            TaskCall(b)
        }.build().launch(on: cluster)
        var options = bench.options()
        options.operations = cluster
        try await bench.withWorker(options) {
            await bench.passTime { store.isAway }
            try await bench.send(0..<2, partitions: 2)
            await bench.passTime { bench.results.count == 1 }
            #expect(store.isAway)
            store.comeBack()
            await bench.passTime { bench.results.count == 3 }
        }
        #expect(Set(bench.results).isSuperset(of: ["t0", "t1"]))
        #expect(try await launched.record().status == .failed)
        #expect(journal.all.filter { $0 == "A" || $0 == "B" } == ["A"])
    }
}

/// A store that leaves once a task has failed in it, until it is to come back.
private final class LeavingStore: OperationStore {
    private let inner = InMemoryOperationStore()
    private let state = Mutex((hasLeft: false, isAway: false))

    var isAway: Bool { state.withLock { $0.isAway } }
    func comeBack() { state.withLock { $0.isAway = false } }

    private func here() throws -> InMemoryOperationStore {
        if isAway { throw StoreError(.unavailable, "away") }
        return inner
    }

    func change<Outcome: Sendable>(
        _ uuid: String,
        at time: Int64,
        _ body: @escaping @Sendable (inout OperationDraft) throws(StoreError) -> Outcome
    ) async throws -> Outcome? {
        let outcome = try await here().change(uuid, at: time, body)
        let hasFailed = try await inner.head(uuid)?.failed ?? 0 > 0
        state.withLock { state in
            if !hasFailed || state.hasLeft { return }
            state = (hasLeft: true, isAway: true)
        }
        return outcome
    }
    func identity() async throws -> String { try await here().identity() }
    func head(_ uuid: String) async throws -> OperationHead? { try await here().head(uuid) }
    func claimDue(at time: Int64, pause: Int64, limit: Int) async throws -> [String] {
        try await here().claimDue(at: time, pause: pause, limit: limit)
    }
    func running(in uuid: String) async throws -> [String] { try await here().running(in: uuid) }
    func insert(_ operation: OperationRecord) async throws { try await here().insert(operation) }
    func operation(_ uuid: String) async throws -> OperationRecord? { try await here().operation(uuid) }
    func operations(matching query: StoreQuery) async throws -> [OperationSummary] {
        try await here().operations(matching: query)
    }
    func tasks(matching query: StoreQuery) async throws -> [TaskRecord] { try await here().tasks(matching: query) }
    func history(of uuid: String) async throws -> [OperationEvent] { try await here().history(of: uuid) }
    func prune(endedBefore time: Int64, statuses: Set<TaskStatus>) async throws -> Int {
        try await here().prune(endedBefore: time, statuses: statuses)
    }
}
