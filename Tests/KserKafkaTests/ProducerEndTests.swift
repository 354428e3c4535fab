import Kser
import KserKafka
import Testing

@Suite("What is left of a producer", .timeLimit(.minutes(2)))
struct ProducerEndTests {
    @Test("nothing, when it is flushed and closed")
    func flushed() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await leavesNothing { lines in
            let producer = try broker.makeProducer(logger: lines.logger)
            _ = try await producer.enqueue(ProducerRecord("t", "a"))
            try await producer.flush()
            await producer.close()
        }
    }

    @Test("nothing, when its transactions are committed and it is closed")
    func committed() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await leavesNothing { lines in
            let configuration = ProducerConfiguration(bootstrapServers: broker.bootstrapServers)
            let producer = try TransactionalProducer(configuration, id: "t", logger: lines.logger)
            try await producer.send(ProducerRecord("t", "a"))
            await producer.close()
        }
    }
}
