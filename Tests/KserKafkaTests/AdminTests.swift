import Kser
import KserKafka
import Testing

@Suite("Admin", .timeLimit(.minutes(3)))
struct AdminTests {
    @Test("topics are created, listed and described")
    func topics() async throws {
        let broker = try EmbeddedBroker(topics: ["a": 2])
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        try await admin.createTopics([NewTopic("b", partitions: 3), NewTopic("a", partitions: 5)])
        #expect(try await admin.topics().map(\.name) == ["a", "b"])
        #expect(try await admin.topic("a").partitions.map(\.id) == [0, 1])
        #expect(try await admin.topic("b").partitions.allSatisfy { $0.leader == 1 })
        let exists = await kafkaError {
            try await admin.createTopics([NewTopic("a", partitions: 1)], existingIsFine: false)
        }
        #expect(exists?.code == .topicExists)
        let bad = await kafkaError { try await admin.createTopics([NewTopic("c", partitions: 0)]) }
        #expect(bad?.code == .configuration)
        #expect(await kafkaError { try await admin.createTopics([NewTopic("", partitions: 1)]) }?.code == .invalidTopic)
    }

    @Test("offsets and lag of a group that never was")
    func lag() async throws {
        let broker = try EmbeddedBroker(topics: ["a": 2])
        let producer = try broker.makeProducer()
        try await producer.send(contentsOf: (0..<5).map { ProducerRecord("a", "\($0)", partition: 1) })
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        #expect(try await admin.offsets(ofTopic: "a", partition: 1) == 0..<5)
        #expect(try await admin.committedOffsets(ofGroup: "nobody", topic: "a") == [:])
        #expect(try await admin.lag(ofGroup: "nobody", topic: "a") == [0: 0, 1: 5])
    }

    @Test("without a broker every call ends in time and says where it looked")
    func noBroker() async throws {
        let admin = try Admin(bootstrapServers: "127.0.0.1:1", timeout: .milliseconds(500))
        let start = ContinuousClock.now
        let errors = [
            await kafkaError { _ = try await admin.topics() },
            await kafkaError { _ = try await admin.topic("t") },
            await kafkaError { _ = try await admin.offsets(ofTopic: "t", partition: 0) },
            await kafkaError { try await admin.createTopics([NewTopic("t", partitions: 1)]) },
            await kafkaError { try await admin.deleteTopic("t") },
        ]
        #expect(ContinuousClock.now - start < .seconds(60))
        for error in errors {
            #expect(error?.code == .brokerUnavailable)
            #expect(error?.message.contains("check bootstrapServers") == true)
        }
    }

    @Test("a cancelled call ends at once")
    func cancellation() async throws {
        let admin = try Admin(bootstrapServers: "127.0.0.1:1")
        let start = ContinuousClock.now
        let task = Task { try await admin.topics() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(ContinuousClock.now - start < .seconds(25))
    }
}
