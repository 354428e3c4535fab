import Kser
import KserKafka
import Testing

/// Brokers have one fetch of a consumer on its way, and hold it back while there is nothing new in the partitions that it
/// asks for. The embedded broker does, too.
@Suite("The pace of a consumer")
struct PaceTests {
    private static let backlog = 12_000

    @Test("partitions that are caught up hold up none that is behind")
    func skew() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 4])
        let producer = try broker.makeProducer()
        let value = [UInt8](repeating: 0x61, count: 254)
        try await producer.send(
            contentsOf: (0..<Self.backlog).map { _ in ProducerRecord(topic: "t", partition: 0, value: value) }
        )
        // What holds up does it in each round; a busy machine does not.
        var shortest = Duration.seconds(1_000)
        for round in 0..<3 where shortest > .milliseconds(250) {
            shortest = min(shortest, try await longestPause(of: broker.makeConsumer(["t"], group: "g\(round)")))
        }
        #expect(shortest < .milliseconds(250))
    }

    /// The longest time between two records, from the first to the last.
    private func longestPause(of consumer: Consumer) async throws -> Duration {
        var (count, longest) = (0, Duration.zero)
        var last: ContinuousClock.Instant?
        for try await _ in consumer {
            let now = ContinuousClock.now
            if let last { longest = max(longest, last.duration(to: now)) }
            last = now
            count += 1
            if count == Self.backlog { break }
        }
        await consumer.close()
        return longest
    }

    @Test("more partitions with a backlog than the budget has room for are all read, each in order and once")
    func budget() async throws {
        let (partitions, each) = (24, 300)
        let broker = try EmbeddedBroker(topics: ["t": partitions])
        let producer = try broker.makeProducer()
        try await producer.send(
            contentsOf: (0..<partitions * each).map {
                ProducerRecord("t", String(repeating: "a", count: 500), partition: Int32($0 % partitions))
            }
        )
        let consumer = try broker.makeConsumer(["t"]) {
            $0.budget = ConsumerConfiguration.Water(messages: 480, bytes: 200_000)
            $0.queuedMaxBytes = 40_000
            $0.fetchMaxBytesPerPartition = 10_000
        }
        var next = [Int64](repeating: 0, count: partitions)
        var (count, buffered) = (0, 0)
        for try await record in consumer {
            #expect(record.offset == next[Int(record.partition)])
            next[Int(record.partition)] = record.offset + 1
            buffered = max(buffered, consumer.assigned.reduce(0) { $0 + $1.statistics.buffered })
            count += 1
            if count == partitions * each { break }
        }
        await consumer.close()
        // The first ones may have used the half up that is for records, before each of the others got its share of it.
        #expect(buffered <= 480)
        #expect(next == Array(repeating: Int64(each), count: partitions))
    }
}
