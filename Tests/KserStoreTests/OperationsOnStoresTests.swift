import Foundation
import Kser
import KserTesting
import Synchronization
import TestSupport
import Testing

@testable import KserStore

/// Operations whose tasks workers run with real stores.
@Suite(.timeLimit(.minutes(3))) struct OperationsOnStoresTests {
    enum Kind: String, Sendable, CaseIterable { case sqlite, postgresql }

    /// A store, and what takes a statement for it.
    private struct Place {
        let store: any OperationStore
        let execute: @Sendable (String) async throws -> [[SQLValue]]
        let folder: TemporaryDirectory?
    }

    private func make(_ kind: Kind, on server: PostgresServer? = nil) async throws -> Place {
        switch kind {
        case .sqlite:
            let folder = try TemporaryDirectory("sqlite")
            let store = try await SQLiteOperationStore(path: folder.url.appending(path: "operations.db").path())
            return Place(
                store: store,
                execute: { sql in
                    try await store.database.run { connection throws(StoreError) in try connection.query(sql) }
                },
                folder: folder
            )
        case .postgresql:
            let shared = try await PostgresServer.shared()
            let store = try await PostgresOperationStore(try await makeSchema(server ?? shared), connections: 8)
            return Place(
                store: store,
                execute: { sql in
                    try await store.pool.run { connection throws(StoreError) in try connection.query(sql) }
                },
                folder: nil
            )
        }
    }

    private let broker = InMemoryBroker()
    private let controller = Controller(logger: .none)

    private func makeCluster(_ store: some OperationStore) -> OperationCluster {
        var cluster = OperationCluster(store: store, producer: broker.makeProducer(), topic: "jobs")
        cluster.pollInterval = .milliseconds(20)
        return cluster
    }

    private func withWorkers(
        _ count: Int = 1,
        _ cluster: OperationCluster,
        options: WorkerOptions = WorkerOptions(),
        _ body: () async throws -> Void
    ) async throws {
        var options = options
        options.operations = cluster
        let workers = (0..<count).map { _ in
            Worker(
                consumer: broker.makeConsumer(topics: ["jobs"], group: "workers"),
                controller: controller,
                options: options
            )
        }
        try await withThrowingTaskGroup { group in
            for worker in workers { group.addTask { try await worker.run() } }
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
            for worker in workers { await worker.shutdown() }
            try await group.waitForAll()
            try outcome.get()
        }
    }

    @Test(arguments: Kind.allCases) func sequencesGroupsAndHooksGoTheirWay(_ kind: Kind) async throws {
        let place = try await make(kind)
        broker.createTopic("jobs", partitions: 4)
        let add = Add()
        try await controller.register(add)
        let mixed = Mixed(add: add)
        try await controller.register(mixed)
        let cluster = makeCluster(place.store)
        try await withWorkers(4, cluster) {
            let launched = try await mixed.build(logger: .none).launch(on: cluster)
            let across = try await launched.result()
            let here = await mixed.build(logger: .none).execute()
            #expect(across.retval["sum"] == here.retval["sum"])
            #expect(across.retval["all"]?.array?.count == 20)
            let record = try await launched.record()
            #expect(record.tasks.allSatisfy { $0.status == .success && $0.attempts == 1 })
            #expect(record.completed == record.total)
            let versions = try await place.store.history(of: launched.uuid).map(\.version)
            #expect(versions == Array(1...record.version))
        }
    }

    /// The metadata of a message and a damaged row stop no partition, and no error text shows what was stored.
    @Test(arguments: Kind.allCases) func whatTheStoreCannotTakeIsADeadLetter(_ kind: Kind) async throws {
        let place = try await make(kind)
        let add = Add()
        try await controller.register(add)
        let cluster = makeCluster(place.store)
        let launched = try await Mixed(add: add, width: 0).build(logger: .none).launch(on: cluster)
        _ = try await place.execute("UPDATE kser_task SET params = 'password=hunter2'")
        let producer = broker.makeProducer()
        let ticket: JSON = ["uuid": "x\u{0}password=hunter2", "round": 1]
        try await producer.send(
            Message(uuid: "zero", entrypoint: add.path, metadata: ["kser.operation": ticket]),
            to: "jobs"
        )
        try await producer.send(Message(uuid: "last", entrypoint: add.path), to: "jobs")
        let options = WorkerOptions(
            replies: Replies(to: "results", with: producer),
            deadLetters: DeadLetterTopic(with: producer)
        )
        try await withWorkers(1, cluster, options: options) {
            let end = ContinuousClock.now + .seconds(60)
            while broker.records(in: "results").count < 3, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        #expect(broker.records(in: "jobs-dlt").count == 2)
        let texts = broker.records(in: "results").map { String(decoding: $0.value ?? [], as: UTF8.self) }
        #expect(texts.count == 3)
        for text in texts {
            let result = try JSONMessageCodec().decode(Array(text.utf8)).result
            #expect(!result.stderr.contains("hunter2"), "\(result.stderr)")
        }
        #expect(try await place.store.head(launched.uuid)?.status == .pending)
    }

    /// By time, which says something on a machine that has nothing else to do; `OperationCostTests` counts what is read.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["KSER_SOAK"] == "1"), arguments: Kind.allCases)
    func aThousandInSequenceCostEachWhatTenDo(_ kind: Kind) async throws {
        let place = try await make(kind)
        let add = Idle()
        try await controller.register(add)
        let cluster = makeCluster(place.store)
        try await withWorkers(1, cluster) {
            func time(_ count: Int) async throws -> Duration {
                let run = await Row(task: add, count: count).build(logger: .none)
                let start = ContinuousClock.now
                _ = try await run.launch(on: cluster).result()
                return start.duration(to: .now) / count
            }
            _ = try await time(10)
            let early = try await time(300)
            let late = try await time(1_000)
            print("\(kind.rawValue): \(early) a task of 300, \(late) a task of 1,000")
            #expect(late < early * 3, "the machine may be busy, but cubic it is not")
        }
    }

    /// What the store writes for one transition of one of many tasks.
    @Test(arguments: Kind.allCases) func aTransitionWritesLittle(_ kind: Kind) async throws {
        // What others write counts too.
        let server = kind == .postgresql ? try await PostgresServer() : nil
        defer { withExtendedLifetime(server) {} }
        let place = try await make(kind, on: server)
        let add = Idle()
        try await controller.register(add)
        let cluster = makeCluster(place.store)
        func size() async throws -> Int64 {
            if kind == .sqlite {
                _ = try await place.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                let pages = try await place.execute("PRAGMA page_count")
                let free = try await place.execute("PRAGMA freelist_count")
                guard case .integer(let all)? = pages.first?.first, case .integer(let left)? = free.first?.first else {
                    return 0
                }
                return (all - left) * 4_096
            }
            let rows = try await place.execute("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint")
            guard case .integer(let bytes)? = rows.first?.first else { return 0 }
            return bytes
        }
        try await withWorkers(1, cluster) {
            _ = try await Row(task: add, count: 50).build(logger: .none).launch(on: cluster).result()
            let run = await Row(task: add, count: 500).build(logger: .none)
            let launched = cluster.operation(run.uuid)
            let before = try await size()
            try await run.launch(on: cluster)
            _ = try await launched.result()
            let each = Double(try await size() - before) / 1_000
            print("\(kind.rawValue): \(Int(each)) bytes a transition")
            #expect(each <= 4_096)
        }
    }
}

/// Adds one to a sum.
private struct Add: TaskEntrypoint {
    let path = "stores.Add"

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        let sum = execution.result.retval["sum"]?.int ?? 0
        return execution.result(retval: ["sum": .integer(Int64(sum + 1)), execution.uuid: true])
    }
}

private struct Idle: TaskEntrypoint {
    let path = "stores.Idle"
    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult { execution.result() }
}

private struct Row: OperationEntrypoint {
    let path = "stores.Row"
    let task: Idle
    let count: Int

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        for _ in 0..<count { TaskCall(task) }
    }
}

/// Tasks in sequence, a group, and tasks in sequence again.
private struct Mixed: OperationEntrypoint {
    let path = "stores.Mixed"
    let add: Add
    var width = 20

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        for _ in 0..<20 { TaskCall(add) }
        if width > 0 {
            TaskCall.concurrent(limit: 6, collectingInto: "all") { for _ in 0..<width { TaskCall(add) } }
            for _ in 0..<20 { TaskCall(add) }
        }
    }
}
