import Kser
import KserKafka
import TestSupport
import Testing

@Suite("Partitions that come later", .timeLimit(.minutes(2)))
struct NewPartitionTests {
    @Test("a record for a partition that the producer has not heard of is sent")
    func newPartition() async throws {
        let broker = try await NoidaBroker()
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        try await admin.createTopics([NewTopic("t", partitions: 1)])
        let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
        try await producer.send(ProducerRecord("t", "known", partition: 0))
        // This broker adds no partitions; a new topic of the same name has them.
        try await admin.deleteTopic("t")
        try await admin.createTopics([NewTopic("t", partitions: 3)])
        let sent = try await producer.send(contentsOf: (0..<10).map { ProducerRecord("t", "\($0)", partition: 2) })
        #expect(sent.map(\.partition) == Array(repeating: 2, count: 10))
        #expect(sent.map(\.offset) == (0..<10).map { Int64($0) })
        let missing = await kafkaError { try await producer.send(ProducerRecord("t", "nowhere", partition: 3)) }
        #expect(missing?.code == .unknownPartition && missing?.partition == 3)
        await producer.close()
    }
}
