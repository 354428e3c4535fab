import KserTesting
import Synchronization
import Testing

@testable import Kser

/// A task's transition costs what it touches, however many tasks there are.
@Suite(.timeLimit(.minutes(2))) struct OperationCostTests {
    private let stage = Stage()

    @Test func aTransitionTouchesItsTaskAndTheOneThatFollows() async throws {
        let a = try await stage.step("A") { $0.result() }
        let counting = CountingStore(stage.store)
        let cluster = OperationCluster(store: counting, producer: stage.broker.makeProducer(), topic: "jobs")
        let launched = try await ClusterSteps { for _ in 0..<300 { TaskCall(a) } }.build().launch(on: cluster)
        var other = stage
        other.cluster = cluster
        other.cluster.pollInterval = .milliseconds(50)
        try await other.withWorkers { _ = try await launched.result() }
        let changes = counting.changes
        #expect(changes.count == 1 + 2 * 300)
        #expect(changes.map(\.tasks.count).max() == 2)
        #expect(changes.map(\.results.count).max() == 1)
        #expect(counting.taskReads.max() == 2)
        // Nobody reads the operation as a whole while it runs.
        #expect(counting.wholeReads == 0)
    }

    @Test func ofAGroupEachMemberIsOneRow() async throws {
        let stage = Stage(partitions: 4)
        let a = try await stage.step("A") { $0.result() }
        var operation = ClusterSteps {
            TaskCall.concurrent { for _ in 0..<200 { TaskCall(a) } }
            TaskCall(a)
        }
        operation.timeLimit = .seconds(600)
        try await stage.controller.register(operation)
        let counting = CountingStore(stage.store)
        let cluster = OperationCluster(store: counting, producer: stage.broker.makeProducer(), topic: "jobs")
        let launched = try await operation.build().launch(on: cluster)
        var other = stage
        other.cluster = cluster
        try await other.withWorkers(4) { _ = try await launched.result() }
        let changes = counting.changes.dropFirst()
        #expect(changes.allSatisfy { $0.tasks.count <= 2 })
        // Once to note that they were sent, and never again all of them.
        #expect(counting.taskReads.count { $0 > 3 } == 1)
        #expect(counting.wholeReads == 0)
        #expect(operation.journal.all == ["PENDING -> RUNNING", "RUNNING -> SUCCESS", "success"])
        #expect(try await launched.record().tasks.allSatisfy { $0.attempts == 1 })
    }

    @Test func aTaskStoresWhatItGaveAndNotWhatWasGivenBefore() async throws {
        let text = String(repeating: "x", count: 200)
        let steps = try await (0..<100).map { "S\($0)" }.asyncMap { name in
            try await stage.step(name) { $0.result(stdout: name, retval: [name: .string(text)]) }
        }
        let operation = ClusterSteps { for step in steps { TaskCall(step) } }
        let launched = try await operation.build().launch(on: stage.cluster)
        try await stage.withWorkers { _ = try await launched.result() }
        let stored = try #require(try await stage.store.operation(launched.uuid))
        let sizes = try stored.tasks.map { try JSON.object($0.result.json).bytes().count }
        // Complete they would be a million bytes.
        #expect(sizes.reduce(0, +) < 150_000)
        let here = await operation.build(logger: .none).execute()
        let record = try await launched.record()
        #expect(record.result?.retval == here.retval)
        for (place, task) in record.tasks.enumerated() {
            #expect(task.result.retval.count == place + 1)
            #expect(task.result.stdout == "S\(place)")
        }
    }

    @Test func watchersReadTheHeadAlone() async throws {
        let a = try await stage.step("A")
        let counting = CountingStore(stage.store)
        let cluster = OperationCluster(store: counting, producer: stage.broker.makeProducer(), topic: "jobs")
        let launched = try await ClusterSteps { for _ in 0..<5 { TaskCall(a) } }.build().launch(on: cluster)
        var other = stage
        other.cluster = cluster
        other.cluster.pollInterval = .milliseconds(1)
        let watched = other.cluster.operation(launched.uuid)
        try await other.withWorkers {
            var last: OperationProgress?
            for try await progress in watched.progress { last = progress }
            #expect(last?.completed == 5)
            #expect(last?.status == .success)
        }
        #expect(counting.wholeReads == 0)
    }
}

/// Notes what is changed and read.
final class CountingStore: OperationStore {
    private let base: InMemoryOperationStore
    private let state = Mutex((changes: [OperationChange](), wholeReads: 0, taskReads: [Int]()))

    init(_ base: InMemoryOperationStore) { self.base = base }

    var changes: [OperationChange] { state.withLock { $0.changes } }
    /// How many tasks were read with each change.
    var taskReads: [Int] { state.withLock { $0.taskReads } }
    var wholeReads: Int { state.withLock { $0.wholeReads } }

    func change<Outcome: Sendable>(
        _ uuid: String,
        at time: Int64,
        _ body: @escaping @Sendable (inout OperationDraft) throws(StoreError) -> Outcome
    ) async throws -> Outcome? {
        let changed = try await base.change(uuid, at: time) { draft throws(StoreError) in
            (outcome: try body(&draft), change: draft.change, reads: draft.readCount)
        }
        state.withLock { state in
            if let change = changed?.change { state.changes.append(change) }
            state.taskReads.append(changed?.reads ?? 0)
        }
        return changed?.outcome
    }

    func operation(_ uuid: String) async throws -> OperationRecord? {
        state.withLock { $0.wholeReads += 1 }
        return try await base.operation(uuid)
    }

    func identity() async throws -> String { try await base.identity() }
    func insert(_ operation: OperationRecord) async throws { try await base.insert(operation) }
    func head(_ uuid: String) async throws -> OperationHead? { try await base.head(uuid) }
    func claimDue(at time: Int64, pause: Int64, limit: Int) async throws -> [String] {
        try await base.claimDue(at: time, pause: pause, limit: limit)
    }
    func running(in uuid: String) async throws -> [String] { try await base.running(in: uuid) }
    func operations(matching query: StoreQuery) async throws -> [OperationSummary] {
        try await base.operations(matching: query)
    }
    func tasks(matching query: StoreQuery) async throws -> [TaskRecord] { try await base.tasks(matching: query) }
    func history(of uuid: String) async throws -> [OperationEvent] { try await base.history(of: uuid) }
    func prune(endedBefore time: Int64, statuses: Set<TaskStatus>) async throws -> Int {
        try await base.prune(endedBefore: time, statuses: statuses)
    }
}
