import Foundation
import Kser
import KserKafka
import KserStore

/// Launches the operation, and follows it in the store while two players run its tasks.
struct Table {
    func play() async throws {
        let given = ProcessInfo.processInfo.environment["KSER_BOOTSTRAP_SERVERS"]
        let broker = try given == nil ? EmbeddedBroker() : nil
        guard let servers = broker?.bootstrapServers ?? given else { return }
        let topic = "yahtzee-\(UUID().uuidString.prefix(8).lowercased())"
        if let broker {
            try await broker.createTopic(topic, partitions: 2)
        } else {
            try await Admin(bootstrapServers: servers).createTopics([NewTopic(topic, partitions: 2)])
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: topic)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "operations.db").path()

        let store = try await SQLiteOperationStore(path: path)
        let producer = try Producer(ProducerConfiguration(bootstrapServers: servers))
        let players = try (1...2).map { _ in try start(servers, topic, path) }
        let cluster = OperationCluster(store: store, producer: producer, topic: topic)
        let operation = try await Yahtzee().build(logger: .none).launch(on: cluster)
        for try await progress in operation.progress { print(progress) }
        print("Yahtzee: \(try await operation.result().retval)")

        for player in players { player.leave() }
        await producer.close()
        await store.close()
    }

    /// Starts a player, and keeps its standard input open for as long as it is to play.
    private func start(_ servers: String, _ topic: String, _ path: String) throws -> Seat {
        let process = Process()
        process.executableURL = Bundle.main.executableURL
        process.arguments = ["--worker", servers, topic, path]
        let input = Pipe()
        process.standardInput = input
        try process.run()
        return Seat(process: process, input: input)
    }
}

/// A player at the table.
private struct Seat {
    var process: Process
    var input: Pipe

    func leave() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
