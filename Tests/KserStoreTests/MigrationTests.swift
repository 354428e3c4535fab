import Foundation
import Kser
import KserTesting
import Synchronization
import TestSupport
import Testing

@testable import KserStore

/// Stores with the first tables, written by the release that made them while its workers were killed.
@Suite(.timeLimit(.minutes(2))) struct MigrationTests {
    fileprivate static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/first-tables.sql")

    @Test func operationsInTheMiddleOnSQLiteGoOn() async throws {
        let folder = try TemporaryDirectory("sqlite")
        let path = folder.url.appending(path: "operations.db").path()
        let database = SQLiteDatabase(path: path)
        try await database.open(SQLiteOptions()) { connection throws(StoreError) in try connection.makeFirstTables() }
        try await database.run { connection throws(StoreError) in try connection.fill() }
        await database.close()
        async let first = SQLiteOperationStore(path: path)
        async let second = SQLiteOperationStore(path: path)
        let stores = try await [first, second]
        try await stores[0].execute("UPDATE kser_operation SET due_at = 0 WHERE due_at IS NOT NULL")
        try await stores[0].execute("UPDATE kser_task SET due_at = 0 WHERE due_at IS NOT NULL")
        try await goOn(stores)
    }

    @Test func operationsInTheMiddleOnPostgreSQLGoOn() async throws {
        let connectionString = try await makeSchema(.shared())
        let pool = PostgresPool(try PostgresAddress(connectionString), size: 1)
        try await pool.run { connection throws(StoreError) in
            try connection.makeFirstTables()
            try connection.fill()
        }
        async let first = PostgresOperationStore(connectionString)
        async let second = PostgresOperationStore(connectionString)
        let stores = try await [first, second]
        try await pool.run { connection throws(StoreError) in
            _ = try connection.query("UPDATE kser_operation SET due_at = 0 WHERE due_at IS NOT NULL")
            _ = try connection.query("UPDATE kser_task SET due_at = 0 WHERE due_at IS NOT NULL")
        }
        await pool.close()
        try await goOn(stores)
    }

    /// Runs what is left, though the messages of the workers before are lost.
    private func goOn(_ stores: [any OperationStore]) async throws {
        #expect(try await stores[0].identity() == stores[1].identity())
        let before = try await stores[0].operations(matching: StoreQuery())
        #expect(before.count == 13)
        for summary in before {
            let record = try #require(try await stores[0].operation(summary.uuid))
            #expect(record.total == record.tasks.count)
            #expect(record.completed == record.tasks.count { $0.status == .success })
            #expect(record.tasks.allSatisfy { $0.status == .success || $0.status == .pending })
        }
        let broker = InMemoryBroker()
        let controller = Controller(logger: .none)
        try await controller.register(Link())
        var clusters: [OperationCluster] = []
        for store in stores {
            var cluster = OperationCluster(store: store, producer: broker.makeProducer(), topic: "jobs")
            cluster.recoveryInterval = .milliseconds(50)
            cluster.pollInterval = .milliseconds(20)
            clusters.append(cluster)
        }
        let workers = clusters.map { cluster in
            Worker(
                consumer: broker.makeConsumer(topics: ["jobs"], group: "workers"),
                controller: controller,
                options: WorkerOptions(operations: cluster)
            )
        }
        try await withThrowingTaskGroup { group in
            for worker in workers { group.addTask { try await worker.run() } }
            for summary in before { _ = try await clusters[0].operation(summary.uuid).result() }
            for worker in workers { await worker.shutdown() }
            try await group.waitForAll()
        }
        for summary in before {
            let record = try await clusters[0].operation(summary.uuid).record()
            #expect(record.status == .success)
            let steps = record.result?.retval["chain"]?.array?.map { $0["step"] }
            if summary.uuid == "group" {
                #expect(record.result?.retval["all"]?.array?.count == 3)
                #expect(record.tasks.map(\.attempts) == [1, 2, 1, 1])
            } else {
                #expect(steps == (0..<8).map { .integer($0) }, "\(summary.uuid)")
            }
            let events = try await stores[0].history(of: summary.uuid)
            let done = events.filter { $0.taskStatus == .success }.compactMap(\.task)
            #expect(done.count == Set(done).count, "no task ends twice")
        }
    }
}

/// Adds a link to the chain, as the workers before did.
private struct Link: TaskEntrypoint {
    let path = "fault.Chain"

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        let chain = execution.result.retval["chain"]?.array ?? []
        return execution.result(retval: ["chain": .array(chain + [["step": execution.params["step"] ?? .null]])])
    }
}

extension SQLConnection {
    fileprivate func makeFirstTables() throws(StoreError) {
        _ = try query("CREATE TABLE kser_schema (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)")
        _ = try query("INSERT INTO kser_schema (version, applied_at) VALUES (1, 0)")
        for statement in Schema.first.statements { _ = try query(statement) }
    }

    /// What the workers wrote, and a group one of whose members is in work.
    fileprivate func fill() throws(StoreError) {
        guard let text = try? String(contentsOf: MigrationTests.file, encoding: .utf8) else {
            throw StoreError(.unavailable, "no fixture")
        }
        for line in text.split(separator: "\n") where line.hasPrefix("INSERT") { _ = try query(String(line)) }
        let plan = #"{"0":{"uuid":"g","limit":2,"finishes_all":false,"key":"all"}}"#
        _ = try query(
            """
            INSERT INTO kser_operation (uuid, entrypoint, params, metadata, plan, compensates, created_at, status, step,
            round, updated_at, version)
            VALUES ('group', 'fault.Group', '{}', '{}', '\(plan)', 0, 0, 'RUNNING', 0, 1, 0, 4)
            """
        )
        let members: [(status: String, step: Int, cause: String, owner: String)] = [
            ("SUCCESS", 0, "'sent'", "'jobs[0]@1'"), ("RUNNING", 0, "'sent'", "'jobs[0]@2'"),
            ("PENDING", 0, "'jobs[0]@1'", "NULL"), ("PENDING", 1, "NULL", "NULL"),
        ]
        for (place, member) in members.enumerated() {
            let ended = member.status == "SUCCESS" ? "1" : "NULL"
            _ = try query(
                """
                INSERT INTO kser_task (operation, place, step, uuid, entrypoint, params, metadata, created_at, status,
                result, attempts, cause, owner, updated_at, ended_at) VALUES ('group', \(place), \(member.step),
                'group-\(place)', 'fault.Chain', '{}', '{}', 0, '\(member.status)', '{"uuid":"group-\(place)"}',
                \(member.status == "PENDING" ? 0 : 1), \(member.cause), \(member.owner), 0, \(ended))
                """
            )
        }
    }
}
