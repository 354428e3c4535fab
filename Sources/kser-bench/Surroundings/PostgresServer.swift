import Foundation
import KserStore

/// A running PostgreSQL; it ends with this value.
final class PostgresServer: Sendable {
    private let process: Child
    private let folder: URL
    private let port = UInt16.random(in: 20_000...30_000)

    /// Nil when PostgreSQL is not installed.
    static func start() async throws -> PostgresServer? {
        guard Installation.hasPostgreSQL else { return nil }
        return try await PostgresServer()
    }

    private init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "kser-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process = try Child(
            Installation.root.appending(path: "Tests/Support/postgres.sh").path(),
            [folder.path(), "\(port)"]
        )
        try await process.wait { $0.contains("ready to accept connections") ? () : nil }
    }

    deinit {
        process.kill()
        try? FileManager.default.removeItem(at: folder)
    }

    func openStore() async throws -> PostgresOperationStore {
        try await PostgresOperationStore(
            "host=127.0.0.1 port=\(port) user=postgres dbname=postgres sslmode=disable",
            connections: 8
        )
    }
}
