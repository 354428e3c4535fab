import Kser
import KserKafka
import Testing

@Suite("Causes of failures", .timeLimit(.minutes(3)))
struct FailureCauseTests {
    @Test("a connection that failed before and works again is not the cause of a later timeout")
    func staleFailure() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        // Both look for their broker so often that they know within their time that it is gone.
        let producer = try broker.makeProducer {
            $0.deliveryTimeout = .seconds(4)
            $0.reconnectSoon()
        }
        let admin = try Admin(
            bootstrapServers: broker.bootstrapServers,
            timeout: .seconds(4),
            additional: ["reconnect.backoff.max.ms": "100"]
        )
        try await succeeding { try await producer.send(ProducerRecord("t", "1")) }
        try await succeeding { _ = try await admin.topics() }
        try await broker.setBroker(isUp: false)
        // What waits to be sent makes the producer look for its broker.
        let first = await kafkaError { try await producer.send(ProducerRecord("t", "2")) }
        #expect(first?.code == .brokerUnavailable, "\(String(describing: first))")
        let refused = await kafkaError { _ = try await admin.topics() }
        #expect(refused?.code == .brokerUnavailable, "\(String(describing: refused))")
        try await broker.setBroker(isUp: true)
        try await succeeding { try await producer.send(ProducerRecord("t", "3")) }
        try await succeeding { _ = try await admin.topics() }
        // Connected, and late.
        try await broker.setRoundTripTime(.seconds(30))
        let sent = await kafkaError { try await producer.send(ProducerRecord("t", "4")) }
        #expect(sent?.code == .timedOut, "\(String(describing: sent))")
        #expect(sent?.message.contains("deliveryTimeout") == true)
        let asked = await kafkaError { _ = try await admin.topics() }
        #expect(asked?.code == .timedOut, "\(String(describing: asked))")
    }

    @Test("a static member that was fenced says so and what to do")
    func fencedMember() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let consumer = try broker.makeConsumer(["t"]) { $0.groupInstanceID = "one" }
        let fenced = EmbeddedBroker.BrokerFault(rawValue: 82)
        try await broker.fail(.heartbeat, with: [fenced])
        let error = await kafkaError { for try await _ in consumer {} }
        #expect(error?.code == .fenced, "\(String(describing: error))")
        #expect(error?.isFatal == true)
        #expect(error?.message.contains("groupInstanceID") == true)
    }
}
