import Foundation
import KserKafka

/// A broker to measure on.
enum Broker {
    /// noida-db: a process of its own, reached over TCP.
    case noida(NoidaDB)
    /// The one in this process, which keeps about 5 MB a partition.
    case embedded(EmbeddedBroker)

    var bootstrapServers: String {
        switch self {
        case .noida(let broker): broker.bootstrapServers
        case .embedded(let broker): broker.bootstrapServers
        }
    }

    /// noida-db when it is installed, else the embedded one.
    static func start() async throws -> Broker {
        if let program = Installation.noidaDB { return .noida(try await NoidaDB(program)) }
        return .embedded(try EmbeddedBroker())
    }

    func createTopic(_ name: String, partitions: Int) async throws {
        switch self {
        case .noida(let broker):
            try await Admin(bootstrapServers: broker.bootstrapServers)
                .createTopics([NewTopic(name, partitions: partitions)])
        case .embedded(let broker): try await broker.createTopic(name, partitions: partitions)
        }
    }
}

/// A running noida-db on a free port; it ends with this value.
final class NoidaDB: Sendable {
    let bootstrapServers: String
    private let process: Child
    private let folder: URL

    init(_ program: String) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "kser-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process = try Child(
            program,
            ["start", "--only", "kafka", "--kafka-port", "0", "--data-dir", folder.path()]
        )
        // It prints "kafka 127.0.0.1:<port>", and a line with "Ctrl-C" once it listens.
        bootstrapServers = try await process.wait { line in
            guard line.contains(" kafka "), let colon = line.lastIndex(of: ":") else { return nil }
            return "127.0.0.1:" + line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
    }

    deinit {
        process.kill()
        try? FileManager.default.removeItem(at: folder)
    }
}
