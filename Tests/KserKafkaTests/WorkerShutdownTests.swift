import Kser
import KserKafka
import KserTesting
import Testing

@Suite("A worker on Kafka that ends", .timeLimit(.minutes(3)))
struct WorkerShutdownTests {
    @Test("shutting down cancels a handler that outlives the drain timeout, and its record is not committed")
    func outlived() async throws {
        try await check(drainTimeout: .milliseconds(200)) { worker, _ in await worker.shutdown() }
    }

    @Test("a cancelled worker has left its group when it returns, and committed nothing of what it interrupted")
    func cancelled() async throws {
        try await check(drainTimeout: .seconds(60)) { _, running in running.cancel() }
    }

    private func check(
        drainTimeout: Duration,
        _ end: (Worker, Task<Void, any Error>) async -> Void
    ) async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
        try await producer.send(Message(entrypoint: "sleep"), to: "t")
        await producer.close()

        let begun = Requirement("a handler begins")
        let controller = Controller(logger: .none)
        try await controller.register("sleep") { (_: JSONObject, _) in
            begun.fulfill()
            try await Task.sleep(for: .seconds(3_600))
        }
        let consumer = try broker.makeConsumer(["t"]) { $0.drainTimeout = drainTimeout }
        let worker = Worker(consumer: consumer, controller: controller)
        let running = Task { try await worker.run() }
        try await begun.wait(atMost: .seconds(60))
        await end(worker, running)
        try await running.value

        await #expect(throws: KafkaError.self) { try await consumer.commit() }
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        #expect(try await admin.committedOffsets(ofGroup: "g", topic: "t") == [:])
    }
}
