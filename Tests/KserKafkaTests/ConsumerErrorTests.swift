import Kser
import KserKafka
import TestSupport
import Testing

@Suite("Consumer, when something is wrong", .timeLimit(.minutes(3)))
struct ConsumerErrorTests {
    private func error(of consumer: Consumer) async -> KafkaError? {
        await kafkaError { for try await _ in consumer {} }
    }

    private func configuration(_ servers: String) -> ConsumerConfiguration {
        var configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: "g")
        configuration.connectTimeout = .seconds(4)
        return configuration
    }

    @Test("no broker, within the connect timeout", arguments: ["127.0.0.1:1", "no-such-host.invalid:9092"])
    func noBroker(_ servers: String) async throws {
        let start = ContinuousClock.now
        let error = await error(of: try Consumer(configuration(servers), topics: ["t"]))
        #expect(error?.code == .brokerUnavailable)
        #expect(error?.message.contains("check bootstrapServers") == true)
        #expect(error?.message.contains(servers.split(separator: ":")[0]) == true)
        #expect(ContinuousClock.now - start < .seconds(25))
    }

    @Test("both sequences end with the error")
    func partitions() async throws {
        let consumer = try Consumer(configuration("127.0.0.1:1"), topics: ["t"])
        let error = await kafkaError { for try await _ in consumer.partitions {} }
        #expect(error?.code == .brokerUnavailable)
        await consumer.close()
    }

    @Test("an unknown topic")
    func unknownTopic() async throws {
        let broker = try EmbeddedBroker(topics: ["gone": 1])
        try await broker.failTopic("gone", with: .unknownTopic)
        let error = await error(of: try Consumer(configuration(broker.bootstrapServers), topics: ["gone"]))
        #expect(error?.code == .unknownTopic && error?.topic == "gone")
        #expect(error?.message.contains("Admin.createTopics") == true)
    }

    /// Reads until a record comes, from a topic that brokers do not know for longer than it takes to ask them twice.
    private func readAfterAbsence(on broker: EmbeddedBroker, whenAssigned isAssigned: Bool) async throws {
        let lines = Lines()
        var configuration = configuration(broker.bootstrapServers)
        configuration.connectTimeout = .seconds(20)
        configuration.additional["topic.metadata.refresh.interval.ms"] = "500"
        let consumer = try Consumer(configuration, topics: ["t"], logger: lines.logger)
        let producer = try broker.makeProducer()
        if !isAssigned { try await broker.failTopic("t", with: .unknownTopic) }
        let reading = Task {
            for try await record in consumer where record.text == "after" { return true }
            return false
        }
        if isAssigned {
            try await poll { lines.all.contains { $0.message.hasPrefix("Assigned: t[0]") } }
            try await broker.failTopic("t", with: .unknownTopic)
        }
        try await poll { lines.all.contains { $0.level == .warning && $0.metadata["topic"] == "t" } }
        try await Task.sleep(for: .seconds(11))
        try await broker.failTopic("t", with: nil)
        try await producer.send(ProducerRecord("t", "after"))
        #expect(try await reading.value)
        await consumer.close()
    }

    @Test("a topic that is unknown for a while at the start")
    func unknownAtStart() async throws {
        try await readAfterAbsence(on: try EmbeddedBroker(topics: ["t": 1]), whenAssigned: false)
    }

    @Test("a topic that is unknown for a while when it is read")
    func unknownLater() async throws {
        try await readAfterAbsence(on: try EmbeddedBroker(topics: ["t": 1]), whenAssigned: true)
    }

    @Test("a pattern that matches no topic yet waits for one")
    func pattern() async throws {
        let broker = try EmbeddedBroker(topics: ["other": 1])
        let lines = Lines()
        var configuration = configuration(broker.bootstrapServers)
        configuration.connectTimeout = .seconds(1)
        configuration.additional["topic.metadata.refresh.interval.ms"] = "500"
        let consumer = try Consumer(configuration, topics: ["^jobs-.*"], logger: lines.logger)
        let reading = Task {
            for try await record in consumer { return record.topic }
            return ""
        }
        try await poll { lines.all.count { $0.message.hasPrefix("Brokers answer") } > 2 }
        try await broker.createTopic("jobs-1", partitions: 1)
        try await broker.makeProducer().send(ProducerRecord("jobs-1", "x"))
        #expect(try await reading.value == "jobs-1")
        await consumer.close()
    }

    @Test("a topic that is there twice is read once")
    func topicTwice() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await broker.makeProducer().send(ProducerRecord("t", "x"))
        let consumer = try broker.makeConsumer(["t", "t"])
        #expect(consumer.subscribedTopics == ["t"])
        for try await record in consumer {
            #expect(record.text == "x")
            break
        }
    }

    @Test("no right to the topic or the group")
    func notAuthorized() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await broker.fail(.joinGroup, with: [.groupNotAuthorized])
        let error = await error(of: try Consumer(configuration(broker.bootstrapServers), topics: ["t"]))
        #expect(error?.code == .notAuthorized)
    }

    @Test("credentials for a broker that takes none")
    func authentication() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        var configuration = configuration(broker.bootstrapServers)
        configuration.security = Security(sasl: Security.SASL(.plain, username: "u", password: "hush"))
        let error = await error(of: try Consumer(configuration, topics: ["t"]))
        #expect(error?.code == .authentication)
        #expect(error?.message.contains("security.sasl") == true && error?.message.contains("hush") == false)
    }

    @Test("an offset that is gone, where that is an error")
    func offsetReset() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        var configuration = configuration(broker.bootstrapServers)
        configuration.autoOffsetReset = .error
        configuration.connectTimeout = .seconds(30)
        let error = await error(of: try Consumer(configuration, topics: ["t"]))
        #expect(error?.code == .offsetOutOfRange && error?.topic == "t")
        #expect(error?.message.contains("autoOffsetReset") == true)
    }

    @Test("a second iteration throws, the first goes on")
    func secondIteration() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let consumer = try broker.makeConsumer(["t"])
        let producer = try broker.makeProducer()
        try await producer.send(ProducerRecord("t", "x"))
        var iterator = consumer.makeAsyncIterator()
        await #expect(throws: KserError.self) { for try await _ in consumer {} }
        await #expect(throws: KserError.self) { for try await _ in consumer.partitions {} }
        #expect(try await iterator.next()?.text == "x")
    }
}
