import Kser
import KserKafka
import KserTesting
import TestSupport
import Testing

@Suite("A topic that is created anew", .timeLimit(.minutes(3)))
struct RecreatedTopicTests {
    /// What a test sees of the partition, assignment after assignment.
    private let streams = Watched<[PartitionStream]>([])

    @Test("its partition goes on with a new stream, and the work of the old one is waited for")
    func newStream() async throws {
        let broker = try await NoidaBroker.shared()
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        let topic = "anew"
        try await admin.createTopics([NewTopic(topic, partitions: 1)])
        try await send((0..<5).map { "old \($0)" }, to: topic, on: broker)
        var configuration = ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: topic)
        configuration.commitInterval = .milliseconds(100)
        configuration.drainTimeout = .seconds(60)
        let lines = Lines()
        let consumer = try Consumer(configuration, topics: [topic], logger: lines.logger)
        let records = Watched<[Record]>([])
        let loop = Task { [streams] in
            try await withThrowingDiscardingTaskGroup { group in
                for try await partition in consumer.partitions {
                    streams.update { $0.append(partition) }
                    group.addTask {
                        for try await record in partition { records.update { $0.append(record) } }
                    }
                }
            }
        }
        let old = try await seen(5, records)
        let first = try #require(streams.value.first)
        for record in old.dropLast() { first.complete(record) }
        try await poll { try await admin.committedOffsets(ofGroup: topic, topic: topic) == [0: 4] }

        // The last of the old records is still in work.
        try await admin.deleteTopic(topic)
        try await admin.createTopics([NewTopic(topic, partitions: 1)])
        try await send((0..<3).map { "new \($0)" }, to: topic, on: broker)
        let new = try await seen(8, records).dropFirst(5)
        #expect(new.map(\.text) == ["new 0", "new 1", "new 2"] && new.map(\.offset) == [0, 1, 2])
        let second = try #require(streams.value.last)
        #expect(streams.value.count == 2 && first !== second)
        #expect(first.isEnded && first.isSuperseded && first.inFlight == 1 && !first.isReleased)
        #expect(!second.isEnded && second.inFlight == 3)
        try await poll { second.statistics.end == 3 }
        #expect(second.statistics.position == 0 && second.statistics.lag == 3)
        #expect(try await admin.lag(ofGroup: topic, topic: topic) == [0: 3], "the group's 4 says nothing any more")

        for record in new { second.complete(record) }
        #expect(second.statistics.lag == 0)
        try await poll { try await admin.committedOffsets(ofGroup: topic, topic: topic) == [0: 3] }
        #expect(try await admin.lag(ofGroup: topic, topic: topic) == [0: 0])

        let closed = Requirement("the end of the consumer")
        let closing = Task {
            await consumer.close()
            closed.fulfill()
        }
        await #expect(throws: Requirement.Unfulfilled.self) { try await closed.wait(atMost: .seconds(1)) }
        #expect(first.complete(try #require(old.last)))
        try await closed.wait()
        await closing.value
        try await loop.value
        #expect(!lines.all.contains { $0.message.contains("drainTimeout") })
        #expect(try await admin.committedOffsets(ofGroup: topic, topic: topic) == [0: 3], "nothing of the old stream")
    }

    /// Sends records through a producer of their own: one that goes on counts for a topic that is there no more.
    private func send(_ texts: [String], to topic: String, on broker: NoidaBroker) async throws {
        let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
        try await producer.send(contentsOf: texts.map { ProducerRecord(topic, $0, partition: 0) })
        await producer.close()
    }

    private func seen(_ count: Int, _ records: Watched<[Record]>) async throws -> [Record] {
        try await withDeadline(.seconds(60), "\(count) records") {
            try await records.wait { $0.count >= count ? $0 : nil }
        }
    }
}
