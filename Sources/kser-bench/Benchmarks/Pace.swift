import Kser
import KserKafka

/// A worker on brokers that hold a fetch back while there is nothing new in the partitions that it asks for, as Kafka
/// does: what is caught up must not hold up what is behind.
///
/// The embedded broker keeps some 15,000 messages a partition, so each round has fresh topics.
@concurrent
func skewed(on stage: Stage) async throws -> [Row] {
    let broker = Broker.embedded(try EmbeddedBroker())
    let rounds = Rounds(count: 5)
    var topics = 0
    func rate(allIn partition: Int32?) async throws -> Double {
        topics += 1
        let backlog = try await Backlog(
            on: broker,
            topics: ["skewed-\(topics)"],
            partitions: 4,
            count: 15_000,
            allIn: partition
        )
        return try await work(through: backlog, .partition)
    }
    let figures = try await rounds.compare({ try await rate(allIn: 0) }, with: { try await rate(allIn: nil) })
    return [
        Row(name: "skewed", ours: figures.ours, baseline: figures.baseline, unit: "messages/s", target: 0.6)
    ]
}

/// An ordinary backlog to its last message, beside a loop in C style that parses each message.
@concurrent
func drain(on stage: Stage) async throws -> [Row] {
    let backlog = try await Backlog(
        on: .embedded(try EmbeddedBroker()),
        topics: (0..<4).map { "drain-\($0)" },
        partitions: 4,
        count: 200_000
    )
    let figures = try await Rounds(count: 5).compare(
        { try await work(through: backlog, .partition) },
        with: { try await onThread { try rawParsing(backlog) } }
    )
    return [Row(name: "drain", ours: figures.ours, baseline: figures.baseline, unit: "messages/s", target: 0.3)]
}
