import Foundation

/// A real PgBouncer in transaction mode in front of a server: each transaction may run in another session.
package final class PgBouncer: Sendable {
    package let connectionString: String
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    /// Starts one; it ends with this value.
    ///
    /// - Parameters:
    ///   - server: the server behind it.
    ///   - searchPath: the schema of its sessions.
    ///   - sessions: how many sessions it has with the server.
    /// - Throws: ``MissingComponent``, ``UnexpectedEnd``.
    package init(to server: PostgresServer, searchPath: String, sessions: Int) async throws {
        directory = try TemporaryDirectory("pgbouncer")
        let port = try PostgresServer.freePort()
        let settings = """
            [databases]
            kser = host=127.0.0.1 port=\(server.port) dbname=postgres user=postgres connect_query='SET search_path TO \(searchPath)'
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = \(sessions)
            server_round_robin = 1
            """
        let file = directory.url.appending(path: "pgbouncer.ini")
        try settings.write(to: file, atomically: true, encoding: .utf8)
        process = try ChildProcess(Components.support("pgbouncer.sh"), [file.path()])
        while try await !process.line(within: .seconds(30)).contains("process up") {}
        connectionString = "host=127.0.0.1 port=\(port) user=kser dbname=kser sslmode=disable"
    }
}
