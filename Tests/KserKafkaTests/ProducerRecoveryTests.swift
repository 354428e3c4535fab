import Kser
import KserKafka
import KserTesting
import Testing

@Suite("A producer that the brokers lost track of", .timeLimit(.minutes(3)))
struct ProducerRecoveryTests {
    @Test("many on their way when the client ends: each fails once or is delivered, and none is left waiting")
    func inFlight() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeProducer { $0.queueMaxMessages = 50 }
        for round in 0..<5 {
            try await producer.send(ProducerRecord("t", "warm"))
            try await broker.fail(.produce, with: [.outOfOrderSequence, .outOfOrderSequence, .outOfOrderSequence])
            let outcomes = await withTaskGroup(of: KafkaError?.self) { group in
                for number in 0..<200 {
                    group.addTask { await kafkaError { try await producer.send(ProducerRecord("t", "\(number)")) } }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let failures = outcomes.compactMap { $0 }
            #expect(!failures.isEmpty && failures.allSatisfy { !$0.isFatal }, "round \(round)")
            try await broker.clearFaults(of: .produce)
        }
        try await producer.send(contentsOf: (0..<100).map { ProducerRecord("t", "\($0)") })
        await producer.close()
    }

    @Test("an end that a new client would share is told, and stays")
    func fatal() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await broker.fail(.initProducerID, with: [.init(rawValue: 31)])
        let producer = try broker.makeProducer { $0.deliveryTimeout = .seconds(5) }
        for _ in 0..<2 {
            let error = await kafkaError { try await producer.send(ProducerRecord("t", "a")) }
            #expect(
                error?.isFatal == true && error?.message.contains("of no further use") == true,
                "\(String(describing: error))"
            )
        }
        await producer.close()
    }
}
