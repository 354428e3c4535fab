import Foundation
import Kser
import KserKafka

/// What several benchmarks share, made when the first one asks.
actor Stage {
    private var known: Task<Backlog, any Error>?

    /// A topic full of messages.
    func backlog() async throws -> Backlog {
        let task = known ?? Task { try await Backlog() }
        known = task
        return try await task.value
    }
}

/// A topic of 4 partitions, full of ``Sample`` messages with 1,000 different keys.
struct Backlog: Sendable {
    let broker: Broker
    let topic = "backlog"
    let partitions = 4
    let count: Int

    init() async throws {
        broker = try await Broker.start()
        switch broker {
        case .noida: count = 200_000
        case .embedded: count = 40_000
        }
        try await broker.createTopic(topic, partitions: partitions)
        let producer = try Producer(
            ProducerConfiguration(bootstrapServers: broker.bootstrapServers),
            codec: JSONMessageCodec()
        )
        let bytes = try Sample.bytes()
        let topic = topic
        try await producer.send(
            contentsOf: (0..<count).lazy.map { number in
                ProducerRecord(topic: topic, key: Array("key-\(number % 1_000)".utf8), value: bytes)
            }
        )
        await producer.close()
    }

    /// A group that has read nothing of it.
    func freshGroup() -> ConsumerConfiguration {
        ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: "bench-\(UUID().uuidString)")
    }
}
