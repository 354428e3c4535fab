import Kser
import KserCrypto
import KserTesting
import Testing

@Suite(.timeLimit(.minutes(1))) struct SealingSnippets {
    @Test func messagesAreSealed() async throws {
        let broker = InMemoryBroker()
        broker.createTopic("jobs", partitions: 1)
        let (key, oldKey) = (try SecretBoxKey.generate(), try SecretBoxKey.generate())

        // README.md: sealed messages
        let keys = try SecretBoxKeyRing(current: "2026-11", key)  // or .fromEnvironment(), KSER_SECRETBOX_KEY
        try keys.add(oldKey, id: "2026-05")  // still opens what was sealed with it
        let codec = SecretBoxCodec(keys: keys)
        let controller = Controller(codec: codec)
        let producer = broker.makeProducer(codec: codec)  // and Producer(configuration, codec: codec)
        // end

        let done = Requirement("the task")
        try await controller.register("secret") { (_: JSONObject, _) in done.fulfill() }
        try await producer.send(Message(entrypoint: "secret"), to: "jobs")
        let value = try #require(broker.records(in: "jobs").first?.value)
        #expect(!String(decoding: value, as: UTF8.self).contains("secret"))
        let worker = Worker(consumer: broker.makeConsumer(topics: ["jobs"], group: "g"), controller: controller)
        async let running: Void = worker.run()
        try await done.wait()
        await worker.shutdown()
        try await running
    }
}
