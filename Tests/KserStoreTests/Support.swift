import Foundation
import Kser
import Synchronization
import TestSupport

@testable import KserStore

extension OperationRecord {
    /// An operation of these many tasks.
    static func sample(_ uuid: String, tasks: Int = 2, params: JSONObject = [:]) -> OperationRecord {
        OperationRecord(
            uuid: uuid,
            entrypoint: "test.Operation",
            params: params,
            createdAt: 1_700_000_000_000,
            tasks: (0..<tasks).map { place in
                TaskRecord(
                    operation: uuid,
                    place: place,
                    step: place,
                    uuid: "\(uuid)-\(place)",
                    entrypoint: "test.Task",
                    createdAt: 1_700_000_000_000
                )
            }
        )
    }

    /// The next version, with another state of a task.
    func next(_ status: TaskStatus, of place: Int) -> OperationRecord {
        var next = self
        next.version += 1
        next.updatedAt += 1
        next.tasks[place].status = status
        next.tasks[place].updatedAt += 1
        return next
    }
}

extension OperationStore {
    /// Calls that change something.
    func callsThatWrite(_ operation: OperationRecord) -> [() async throws -> Void] {
        [
            { try await insert(.sample("another")) },
            { _ = try await replace(operation, with: operation.next(.running, of: 0)) },
            { _ = try await prune(endedBefore: .max) },
        ]
    }
}

/// Hands each call to the next of some stores on the same data, as processes beside one another do.
final class Alternating: OperationStore {
    private let stores: [any OperationStore]
    private let turn = Atomic(0)

    init(_ stores: [any OperationStore]) { self.stores = stores }

    private var store: any OperationStore {
        stores[turn.add(1, ordering: .relaxed).newValue % stores.count]
    }

    func insert(_ operation: OperationRecord) async throws { try await store.insert(operation) }
    func operation(_ uuid: String) async throws -> OperationRecord? { try await store.operation(uuid) }
    func replace(_ old: OperationRecord, with new: OperationRecord) async throws -> Bool {
        try await store.replace(old, with: new)
    }
    func operations(matching query: StoreQuery) async throws -> [OperationSummary] {
        try await store.operations(matching: query)
    }
    func tasks(matching query: StoreQuery) async throws -> [TaskRecord] { try await store.tasks(matching: query) }
    func unsentOperations(unchangedSince time: Int64, limit: Int) async throws -> [String] {
        try await store.unsentOperations(unchangedSince: time, limit: limit)
    }
    func history(of uuid: String) async throws -> [OperationEvent] { try await store.history(of: uuid) }
    func prune(endedBefore time: Int64, statuses: Set<TaskStatus>) async throws -> Int {
        try await store.prune(endedBefore: time, statuses: statuses)
    }
}

/// Folders that live as long as this value.
final class Folders: Sendable {
    private let folders = Mutex<[TemporaryDirectory]>([])

    func make() throws -> URL {
        let folder = try TemporaryDirectory("sqlite")
        folders.withLock { $0.append(folder) }
        return folder.url
    }
}

/// Makes a schema in a server, and gives the connection string for it.
func makeSchema(_ server: PostgresServer) async throws -> String {
    let name = "s" + UUID().uuidString.lowercased().replacing("-", with: "")
    try await server.execute("CREATE SCHEMA \(name)")
    return server.connectionString(schema: name)
}

extension PostgresServer {
    /// Runs statements as the superuser.
    func execute(_ sql: String) async throws {
        let pool = PostgresPool(try PostgresAddress(connectionString), size: 1, statementTimeout: .seconds(60))
        try await pool.run { connection throws(StoreError) in _ = try connection.query(sql) }
    }
}

extension SQLiteOperationStore {
    /// Runs a statement on the store's own connection.
    func execute(_ sql: String) async throws {
        try await database.run { connection throws(StoreError) in _ = try connection.query(sql) }
    }

    /// Lets the file have this many pages, or as many as it has.
    func limitPages(to count: Int) async throws {
        try await execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try await execute("PRAGMA max_page_count = \(max(1, count))")
    }
}
