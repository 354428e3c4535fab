import Kser
import KserKafka
import KserTesting
import Synchronization
import Testing

@Suite("Tasks that are cancelled through a control topic", .timeLimit(.minutes(2)))
struct CancellationTests {
    @Test("one that runs, and one that waits behind it in another worker")
    func cancelling() async throws {
        let broker = try EmbeddedBroker(topics: ["jobs": 2, "results": 1, "control": 1])
        let begun = Requirement("one handler of each partition", count: 2)
        let controller = Controller(logger: .none)
        let runs = Mutex<[String]>([])
        try await controller.register("step") { (_: JSONObject, execution) in
            runs.withLock { $0.append(execution.uuid) }
            begun.fulfill()
            try await Task.sleep(for: .seconds(600))
        }
        let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
        for (number, uuid) in ["a0", "b0", "a1", "b1"].enumerated() {
            try await producer.send(
                Message(uuid: uuid, entrypoint: "step"),
                to: "jobs",
                partition: Int32(number % 2)
            )
        }
        func makeWorker(_ group: String) throws -> Worker {
            Worker(
                consumer: try broker.makeConsumer(["jobs"], group: group),
                controller: controller,
                options: WorkerOptions(
                    replies: Replies(to: "results", with: producer),
                    cancellations: Cancellations(
                        topic: "control",
                        in: try KafkaTopicReader(bootstrapServers: broker.bootstrapServers)
                    ),
                    shutdownSignals: []
                )
            )
        }
        let worker = try makeWorker("g")
        async let running: Void = worker.run()
        try await begun.wait(atMost: .seconds(40))
        let canceller = TaskCanceller(topic: "control", with: producer)
        for uuid in ["a1", "b1", "a0", "b0"] { try await canceller.cancel(uuid, reason: "enough") }
        try await expectReplies(broker, ["a0", "a1", "b0", "b1"], group: "reader")
        await worker.shutdown()
        try await running
        #expect(Set(runs.withLock { $0 }) == ["a0", "b0"])

        // A worker that starts later knows them all.
        let late = try makeWorker("late")
        async let lateRunning: Void = late.run()
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        while try await admin.lag(ofGroup: "late", topic: "jobs").values.max() != 0 { await Task.yield() }
        await late.shutdown()
        try await lateRunning
        #expect(runs.withLock { $0.count } == 2)
        await producer.close()
    }

    @Test("a reader follows a topic from an offset on, until it is cancelled")
    func following() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 2])
        let producer = try broker.makeProducer()
        for number in 0..<4 { try await producer.send(ProducerRecord("t", "\(number)", partition: 0)) }
        let seen = Mutex<[String]>([])
        let (old, new) = (Requirement("two", count: 2), Requirement("four", count: 4))
        let reader = try KafkaTopicReader(bootstrapServers: broker.bootstrapServers)
        let following = Task {
            try await reader.follow("t", from: [0: 2, 1: 0]) { record in
                seen.withLock { $0.append(record.text) }
                old.fulfill()
                new.fulfill()
            }
        }
        try await old.wait(atMost: .seconds(30))
        #expect(seen.withLock { $0 } == ["2", "3"])
        try await producer.send(ProducerRecord("t", "4", partition: 0))
        try await producer.send(ProducerRecord("t", "5", partition: 1))
        try await new.wait(atMost: .seconds(30))
        #expect(Set(seen.withLock { $0 }) == ["2", "3", "4", "5"])
        following.cancel()
        await #expect(throws: CancellationError.self) { try await following.value }
    }

    private func expectReplies(_ broker: EmbeddedBroker, _ uuids: Set<String>, group: String) async throws {
        let consumer = try broker.makeConsumer(["results"], group: group)
        var missing = uuids
        for try await record in consumer {
            let reply = try JSONMessageCodec().decode(record.value ?? [])
            #expect(reply.result.retcode == 499)
            missing.remove(reply.uuid)
            if missing.isEmpty { break }
        }
        await consumer.close()
    }
}
