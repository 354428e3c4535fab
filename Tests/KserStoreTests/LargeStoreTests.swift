import Foundation
import Kser
import KserTesting
import TestSupport
import Testing

@testable import KserStore

/// Stores of many operations, 200,000 in `make soak`: no call that looks through them takes long.
@Suite(.serialized, .timeLimit(.minutes(10))) struct LargeStoreTests {
    private static let isFull = ProcessInfo.processInfo.environment["KSER_SOAK"] == "1"
    fileprivate static let count = isFull ? 200_000 : 30_000
    private static let limit = Duration.milliseconds(50)

    @Test func sqlite() async throws {
        let folder = try TemporaryDirectory("large")
        let path = folder.url.appending(path: "operations.db").path()
        let store = try await SQLiteOperationStore(path: path, options: SQLiteOptions(durability: .process))
        func run<Value: Sendable>(
            _ body: @Sendable (any SQLConnection) throws(StoreError) -> Value
        ) async throws -> Value {
            try await store.database.run(body)
        }
        try await run { connection throws(StoreError) in
            try connection.fill(
                from: """
                    (WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < \(Self.count - 1))
                    SELECT i FROM numbers) AS numbers
                    """
            )
        }
        try await expectFast(store)
        let full = try Self.size(of: path)
        var durations: [Duration] = []
        for _ in 0..<50 {
            durations.append(
                try await ContinuousClock().measure {
                    _ = try await run { connection throws(StoreError) in
                        try connection.pruneSome(endedBefore: 2_000_000, statuses: [])
                    }
                }
            )
        }
        #expect(Self.typical(durations) < Self.limit, "\(durations)")
        // While all is removed that may be, others have their turn.
        let pruning = Task { try await store.prune(endedBefore: 100_000_000, statuses: [.success]) }
        var turns = 0
        while try await store.operations(matching: .ended).count > 0 {
            _ = try await store.head("o1")
            turns += 1
            try await Task.sleep(for: .milliseconds(20))
        }
        _ = try await pruning.value
        #expect(turns > (Self.isFull ? 5 : 0))
        let left = try await run { connection throws(StoreError) in
            try connection.query(
                "SELECT count(*) FROM kser_task WHERE operation NOT IN (SELECT uuid FROM kser_operation)"
            )
        }
        #expect(left == [[.integer(0)]])
        try await run { connection throws(StoreError) in _ = try connection.query("PRAGMA wal_checkpoint(TRUNCATE)") }
        #expect(try Self.size(of: path) < full / 2, "pages are given back")
    }

    @Test func postgresql() async throws {
        let store = try await PostgresOperationStore(try await makeSchema(.shared()), statementTimeout: .seconds(300))
        try await store.pool.run { connection throws(StoreError) in
            try connection.fill(from: "generate_series(0, \(Self.count - 1)) AS numbers(i)")
            // As the server does by itself, a while after so many rows have come.
            for table in ["operation", "task", "event"] { _ = try connection.query("ANALYZE kser_\(table)") }
        }
        try await expectFast(store)
        var durations: [Duration] = []
        for _ in 0..<50 {
            durations.append(
                try await ContinuousClock().measure {
                    _ = try await store.pool.run { connection throws(StoreError) in
                        try connection.pruneSome(endedBefore: 2_000_000, statuses: [])
                    }
                }
            )
        }
        #expect(Self.typical(durations) < Self.limit, "\(durations)")
    }

    private func expectFast(_ store: some OperationStore) async throws {
        func expect(
            _ name: String,
            finds count: Int,
            line: Int = #line,
            _ body: () async throws -> Int
        ) async throws {
            var durations: [Duration] = []
            for _ in 0..<9 {
                var found = 0
                durations.append(try await ContinuousClock().measure { found = try await body() })
                #expect(
                    found == count,
                    "\(name)",
                    sourceLocation: SourceLocation(fileID: #fileID, filePath: #filePath, line: line, column: 1)
                )
            }
            #expect(Self.typical(durations) < Self.limit, "\(name): \(durations)")
            print("\(Self.count) operations, \(Store.name(of: store)): \(name) \(Self.typical(durations))")
        }
        func list(_ narrow: (inout StoreQuery) -> Void) async throws -> Int {
            var query = StoreQuery()
            query.isNewestFirst = true
            narrow(&query)
            return try await store.operations(matching: query).count
        }
        try await expect("list", finds: 100) { try await list { _ in } }
        try await expect("list, the oldest", finds: 100) { try await list { $0.isNewestFirst = false } }
        try await expect("list, a late page", finds: 100) { try await list { $0.offset = 10_000 } }
        try await expect("list by state", finds: 100) { try await list { $0.statuses = [.failed] } }
        try await expect("list by states", finds: 100) {
            try await list { $0.statuses = [.success, .failed, .cancelled] }
        }
        try await expect("list by entrypoint", finds: 2) { try await list { $0.entrypoints = ["test.Rare"] } }
        try await expect("list by entrypoints", finds: 100) {
            try await list { $0.entrypoints = ["test.Rare", "test.Operation", "test.None"] }
        }
        try await expect("list since", finds: 100) { try await list { $0.createdSince = Int64(Self.count * 5) } }
        try await expect("list what stands still", finds: 100) {
            try await list {
                $0.statuses = [.pending, .running, .paused]
                $0.unchangedSince = 100_000_000
            }
        }
        let limit = Self.count / 2_000
        try await expect("claim", finds: limit) {
            try await store.claimDue(at: 1_000_000_000, pause: 1, limit: limit).count
        }
    }

    /// The median in `make soak`; among other tests the shortest, for what else the machine has to do says nothing.
    private static func typical(_ durations: [Duration]) -> Duration {
        durations.sorted().dropFirst(isFull ? durations.count / 2 : 0).first ?? .zero
    }

    private static func size(of path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }
}

private enum Store {
    static func name(of store: some OperationStore) -> String {
        store is SQLiteOperationStore ? "SQLite" : "PostgreSQL"
    }
}

extension StoreQuery {
    /// Operations that succeeded.
    fileprivate static var ended: StoreQuery {
        var query = StoreQuery()
        query.statuses = [.success]
        query.limit = 1
        return query
    }
}

extension SQLConnection {
    /// Adds operations of one task and two events, one for each number: of 200 two are running and four have failed.
    fileprivate func fill(from numbers: String) throws(StoreError) {
        let status = "CASE WHEN i % 100 = 1 THEN 'RUNNING' WHEN i % 50 = 2 THEN 'FAILED' ELSE 'SUCCESS' END"
        let ended = "CASE WHEN i % 100 = 1 THEN NULL ELSE i * 10 + 5 END"
        try transaction { () throws(StoreError) in
            _ = try query(
                """
                INSERT INTO kser_operation (uuid, entrypoint, params, metadata, plan, compensates, created_at, status, step,
                round, updated_at, ended_at, version, total, width, due_at)
                SELECT 'o' || i, CASE WHEN i % \(LargeStoreTests.count / 2) = 7 THEN 'test.Rare' ELSE 'test.Operation' END, '{}', '{}', '{}', 0,
                i * 10, \(status), 0, 1, i * 10 + 5, \(ended), 3, 1, 1, CASE WHEN i % 100 = 1 THEN i * 10 END FROM \(numbers)
                """
            )
            _ = try query(
                """
                INSERT INTO kser_task (operation, place, step, uuid, entrypoint, params, metadata, created_at, status, result,
                attempts, updated_at)
                SELECT 'o' || i, 0, 0, 't' || i, 'test.Task', '{}', '{}', i * 10, \(status), '{"uuid": "t"}', 1, i * 10 + 5
                FROM \(numbers)
                """
            )
            for version in 1...2 {
                _ = try query(
                    """
                    INSERT INTO kser_event (operation, version, time, round, status)
                    SELECT 'o' || i, \(version), i * 10, 1, \(status) FROM \(numbers)
                    """
                )
            }
        }
    }
}
