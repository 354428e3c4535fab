import Kser
import KserKafka
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
