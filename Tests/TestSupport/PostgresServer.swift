import Foundation
import Synchronization

/// A real PostgreSQL server. It starts in about a second.
package final class PostgresServer: Sendable {
    private static let start = Task { try await PostgresServer() }

    /// The server that the tests of this process share. Take schemas of your own.
    package static func shared() async throws -> PostgresServer { try await start.value }

    package let port: UInt16
    private let directory: TemporaryDirectory
    private let process: Mutex<ChildProcess>

    /// Starts a server of one's own on a free port; it ends, and its data goes away, with this value.
    package init() async throws {
        directory = try TemporaryDirectory("postgres")
        let port = try Self.freePort()
        process = Mutex(try await Self.launch(port: port, in: directory))
        self.port = port
    }

    /// libpq's connection string, as the superuser.
    package var connectionString: String {
        "host=127.0.0.1 port=\(port) user=postgres dbname=postgres sslmode=disable"
    }

    /// A connection string whose tables go to a schema of this name; it has to be made first.
    package func connectionString(schema: String) -> String {
        "\(connectionString) options='-csearch_path=\(schema)'"
    }

    /// Ends the server at once (SIGINT: PostgreSQL's fast shutdown) and keeps its data.
    package func stop() async throws {
        let process = process.withLock { $0 }
        process.interrupt()
        _ = try await process.end(within: .seconds(60))
    }

    /// Starts the stopped server again: same port, same data.
    package func restart() async throws {
        let process = try await Self.launch(port: port, in: directory)
        self.process.withLock { $0 = process }
    }

    private static func launch(port: UInt16, in directory: TemporaryDirectory) async throws -> ChildProcess {
        let data = directory.url.appending(path: "data")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        let process = try ChildProcess(Components.support("postgres.sh"), [data.path(), "\(port)"])
        while try await !process.line(within: .seconds(60)).contains("ready to accept connections") {}
        return process
    }

    /// A port that nobody listens on.
    static func freePort() throws -> UInt16 {
        #if os(Linux)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        return UInt16(bigEndian: address.sin_port)
    }
}
