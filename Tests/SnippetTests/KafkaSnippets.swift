import Kser
import KserKafka
import KserTesting
import TestSupport
import Testing

private struct Hello: Entrypoint {
    struct Parameters: Codable, Sendable { var name: String }

    func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        execution.result(stdout: "Hello \(parameters.name) !")
    }
}

@Suite(.timeLimit(.minutes(3))) struct KafkaSnippets {
    private let controller = Controller(logger: .none)

    @Test func aWorkerRunsByKey() async throws {
        let (servers, broker) = try await makeBroker()
        let handled = Requirement("a handled task")
        try await controller.register("dice.roll") { (_: JSONObject, _) in handled.fulfill() }
        try await send(Message(entrypoint: "dice.roll"), to: "dice", servers)
        let configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: "workers")
        let running = Task {
            // README.md: run concurrent consumers per partition
            let consumer = try Consumer(configuration, topics: ["dice"])
            try await Worker(consumer: consumer, controller: controller, concurrency: .key(limit: 64)).run()
            // end
        }
        try await handled.wait(atMost: .seconds(30))
        running.cancel()
        try await running.value
        withExtendedLifetime(broker) {}
    }

    @Test func partitionsAreReadByHand() async throws {
        let (servers, broker) = try await makeBroker()
        let handled = Requirement("a handled task")
        try await controller.register("dice.roll") { (_: JSONObject, _) in handled.fulfill() }
        try await send(Message(entrypoint: "dice.roll"), to: "dice", servers)
        let consumer = try Consumer(
            ConsumerConfiguration(bootstrapServers: servers, groupID: "workers"),
            topics: ["dice"]
        )
        let controller = controller
        let running = Task {
            // README.md: or by hand
            try await withThrowingDiscardingTaskGroup { group in
                for try await partition in consumer.partitions {  // appears on assignment
                    group.addTask {
                        for try await record in partition {  // ends on revocation
                            let result = await controller.run(record)
                            print(result)
                            partition.complete(record)  // the ledger decides what to commit
                        }
                    }
                }
            }
            // end
        }
        try await handled.wait(atMost: .seconds(30))
        await consumer.close()
        try await running.value
        withExtendedLifetime(broker) {}
    }

    @Test func resultsComeBack() async throws {
        let (servers, broker) = try await makeBroker()
        try await controller.register(Hello())
        let configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: "workers")

        // README.md: send, and get results back
        let producer = try Producer(ProducerConfiguration(bootstrapServers: servers))
        try await producer.send(Hello().message(["name": "Ada"]), to: "jobs")  // returns when the broker has it

        let replies = Replies(to: "results", with: producer)
        let deadLetters = DeadLetterTopic(with: producer)  // "jobs-dlt"
        let worker = Worker(
            consumer: try Consumer(configuration, topics: ["jobs"]),
            controller: controller,
            options: WorkerOptions(replies: replies, deadLetters: deadLetters)
        )
        // end

        let running = Task { try await worker.run() }
        let results = try Consumer(
            ConsumerConfiguration(bootstrapServers: servers, groupID: "reader"),
            topics: ["results"]
        )
        for try await record in results {
            let reply = try JSONMessageCodec().decode(record.value ?? [])
            #expect(reply.result.stdout == "Hello Ada !")
            break
        }
        await worker.shutdown()
        try await running.value
        withExtendedLifetime(broker) {}
    }

    @Test func theInMemoryBrokerNeedsNoKafka() async throws {
        let handled = Requirement("a handled task")
        let controller = Controller(
            hooks: ControllerHooks(onSuccess: { _, result in
                handled.fulfill()
                return result
            }),
            logger: .none
        )
        try await controller.register(Hello())

        // README.md: test without Kafka
        let broker = InMemoryBroker()
        broker.createTopic("jobs", partitions: 3)
        try await broker.makeProducer().send(Hello().message(["name": "Ada"]), to: "jobs")
        let worker = Worker(consumer: broker.makeConsumer(topics: ["jobs"], group: "test"), controller: controller)
        // end

        let running = Task { try await worker.run() }
        try await handled.wait()
        await worker.shutdown()
        try await running.value
    }

    private func makeBroker() async throws -> (String, EmbeddedBroker) {
        let broker = try EmbeddedBroker(topics: ["dice": 3, "jobs": 3, "results": 1])
        return (broker.bootstrapServers, broker)
    }

    private func send(_ message: Message, to topic: String, _ servers: String) async throws {
        let producer = try Producer(ProducerConfiguration(bootstrapServers: servers))
        try await producer.send(message, to: topic)
        await producer.close()
    }
}
