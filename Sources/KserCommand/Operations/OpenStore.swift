import Foundation
import Kser
import KserStore

/// The store that the options and the environment name.
struct OpenStore: Sendable {
    let store: any OperationStore
    /// Nil for another kind.
    let sqlite: SQLiteOperationStore?

    init(_ arguments: Arguments) async throws {
        let named = arguments.text("store") ?? ProcessInfo.processInfo.environment["KSER_STORE"] ?? ""
        if named.isEmpty { throw UsageError("the store is not named: give --store STORE or set KSER_STORE") }
        let isServer = named.hasPrefix("postgres://") || named.hasPrefix("postgresql://") || named.contains("=")
        if isServer {
            store = try await PostgresOperationStore(named, connections: 1)
            sqlite = nil
            return
        }
        // Opening would make one.
        guard FileManager.default.fileExists(atPath: named) else {
            throw CommandError(.noInput, "there is no store at \(named)")
        }
        let opened = try await SQLiteOperationStore(path: named)
        (store, sqlite) = (opened, opened)
    }

    /// The whole operation.
    func operation(_ uuid: String) async throws -> OperationRecord {
        guard let operation = try await store.operation(uuid) else {
            throw CommandError(.failure, "the store has no operation \(uuid)")
        }
        return operation
    }
}
