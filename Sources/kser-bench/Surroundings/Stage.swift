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

/// Topics full of ``Sample`` messages.
struct Backlog: Sendable {
    let broker: Broker
    let topics: [String]
    let partitions: Int
    let count: Int

    /// One topic of 4 partitions with 1,000 different keys, on a broker of its own: as many messages as that keeps.
    init() async throws {
        let broker = try await Broker.start()
        let count = if case .noida = broker { 200_000 } else { 40_000 }
        try await self.init(on: broker, topics: ["backlog"], partitions: 4, count: count)
    }

    /// Topics with equal shares of the messages.
    ///
    /// - Parameters:
    ///   - broker: where they are.
    ///   - topics: their names; they are created.
    ///   - partitions: how many each has.
    ///   - count: how many messages there are in all.
    ///   - partition: the one that has all messages of its topic; without it they are spread by 1,000 different keys.
    /// - Throws: the broker's error.
    init(
        on broker: Broker,
        topics: [String],
        partitions: Int,
        count: Int,
        allIn partition: Int32? = nil
    ) async throws {
        (self.broker, self.topics, self.partitions, self.count) = (broker, topics, partitions, count)
        for topic in topics { try await broker.createTopic(topic, partitions: partitions) }
        let producer = try Producer(
            ProducerConfiguration(bootstrapServers: broker.bootstrapServers),
            codec: JSONMessageCodec()
        )
        let bytes = try Sample.bytes()
        try await producer.send(
            contentsOf: (0..<count).lazy.map { number in
                ProducerRecord(
                    topic: topics[number % topics.count],
                    partition: partition,
                    key: Array("key-\(number / topics.count % 1_000)".utf8),
                    value: bytes
                )
            }
        )
        await producer.close()
    }

    /// A group that has read nothing of it.
    func freshGroup() -> ConsumerConfiguration {
        ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: "bench-\(UUID().uuidString)")
    }
}
