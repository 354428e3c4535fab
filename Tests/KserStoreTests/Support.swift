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
}

extension OperationStore {
    /// Changes the state of a task.
    func move(_ uuid: String, _ status: TaskStatus = .running, of place: Int = 0) async throws {
        let moved: Void? = try await change(uuid, at: 0) { draft throws(StoreError) in
            try draft.update(place) { $0.status = status }
        }
        if moved == nil { throw StoreError(.notFound, "none", uuid: uuid) }
    }

    /// Calls that change something.
    func callsThatWrite(_ operation: OperationRecord) -> [() async throws -> Void] {
        [
            { try await insert(.sample("another")) },
            { try await move(operation.uuid) },
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
    func identity() async throws -> String { try await store.identity() }
    func head(_ uuid: String) async throws -> OperationHead? { try await store.head(uuid) }
    func change<Outcome: Sendable>(
        _ uuid: String,
        at time: Int64,
        _ body: @escaping @Sendable (inout OperationDraft) throws(StoreError) -> Outcome
    ) async throws -> Outcome? {
        try await store.change(uuid, at: time, body)
    }
    func claimDue(at time: Int64, pause: Int64, limit: Int) async throws -> [String] {
        try await store.claimDue(at: time, pause: pause, limit: limit)
    }
    func running(in uuid: String) async throws -> [String] { try await store.running(in: uuid) }
    func operations(matching query: StoreQuery) async throws -> [OperationSummary] {
        try await store.operations(matching: query)
    }
    func tasks(matching query: StoreQuery) async throws -> [TaskRecord] { try await store.tasks(matching: query) }
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
