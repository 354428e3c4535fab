import Foundation
import Kser
import KserKafka
import KserStore

/// A worker process. It takes whichever task comes, and ends when the table goes away.
struct Player {
    var servers: String
    var topic: String
    var path: String

    func work() async throws {
        let controller = Controller(logger: KserLogger(level: .info, sink: HumanLogSink.standardOutput))
        try await controller.register(DiceRoll())
        try await controller.register(Yahtzee())  // its hooks, and its log lines
        let configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: "players-\(topic)")
        let producer = try Producer(ProducerConfiguration(bootstrapServers: servers))
        let store = try await SQLiteOperationStore(path: path)
        let worker = Worker(
            consumer: try Consumer(configuration, topics: [topic]),
            controller: controller,
            options: WorkerOptions(operations: OperationCluster(store: store, producer: producer, topic: topic))
        )
        Thread.detachNewThread {
            while readLine() != nil {}
            Task { await worker.shutdown() }
        }
        try await worker.run()
        await producer.close()
        await store.close()
    }
}
