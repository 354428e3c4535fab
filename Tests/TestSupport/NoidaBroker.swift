import Foundation
import Synchronization

/// A real broker process (noida-db), reached over TCP. It starts in well under a second.
///
/// Facts to know: it answers a fetch at once even when there is nothing, so an idle consumer of it spins, in any client.
/// A topic made by first use has one partition: create it first. ``stop()`` keeps the data for ``restart()``.
package final class NoidaBroker: Sendable {
    private static let start = Task { try await NoidaBroker() }

    /// The broker that the tests of this process share. Give topics and groups names of their own.
    package static func shared() async throws -> NoidaBroker { try await start.value }

    package let port: UInt16
    private let directory: TemporaryDirectory
    private let process: Mutex<ChildProcess>

    /// Starts a broker of one's own on a free port; it ends, and its data goes away, with this value.
    package init() async throws {
        directory = try TemporaryDirectory("broker")
        let (process, port) = try await Self.launch(port: 0, in: directory)
        self.process = Mutex(process)
        self.port = port
    }

    package var bootstrapServers: String { "127.0.0.1:\(port)" }

    /// Ends the broker by SIGTERM, so that it saves its data.
    package func stop() async throws {
        let process = process.withLock { $0 }
        process.terminate()
        _ = try await process.end(within: .seconds(60))
    }

    /// Ends the broker by SIGKILL. What it had not saved is lost.
    package func kill() async throws {
        let process = process.withLock { $0 }
        process.kill()
        _ = try await process.end(within: .seconds(10))
    }

    /// Starts the stopped broker again: same port, same data.
    package func restart() async throws {
        let (process, _) = try await Self.launch(port: port, in: directory)
        self.process.withLock { $0 = process }
    }

    private static func launch(port: UInt16, in directory: TemporaryDirectory) async throws -> (ChildProcess, UInt16) {
        let process = try ChildProcess(
            Components.noidaDB(),
            ["start", "--only", "kafka", "--kafka-port", "\(port)", "--data-dir", directory.path]
        )
        // It prints "kafka 127.0.0.1:<port>" and then a line with "Ctrl-C" once it listens.
        var bound: UInt16?
        var line = ""
        while !line.contains("Ctrl-C") {
            line = try await process.line(within: .seconds(30))
            if line.contains(" kafka "), let colon = line.lastIndex(of: ":") {
                bound = UInt16(line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
            }
        }
        guard let bound else { throw UnexpectedEnd(program: "noida-db", output: try await process.end(within: .zero)) }
        try await shakeHands(port: bound, within: .seconds(30))
        return (process, bound)
    }
}
