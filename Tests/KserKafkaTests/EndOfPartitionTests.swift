import Kser
import KserKafka
import KserTesting
import TestSupport
import Testing

@Suite("The end of a partition", .timeLimit(.minutes(2)))
struct EndOfPartitionTests {
    private let broker: NoidaBroker
    private let admin: Admin

    init() async throws {
        broker = try await NoidaBroker.shared()
        admin = try Admin(bootstrapServers: broker.bootstrapServers)
    }

    private func sendInTransaction(_ count: Int, to topic: String) async throws {
        let producer = try TransactionalProducer(
            ProducerConfiguration(bootstrapServers: broker.bootstrapServers),
            id: topic
        )
        for number in 0..<count { try await producer.send(ProducerRecord(topic, "\(number)", partition: 0)) }
        await producer.close()
    }

    private func makeConsumer(of topic: String) throws -> Consumer {
        var configuration = ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: topic)
        configuration.commitInterval = .milliseconds(100)
        return try Consumer(configuration, topics: [topic])
    }

    /// Waits until a consumer that handled all has no lag by its own count nor by the brokers'.
    private func expectNoLag(_ consumer: Consumer, of topic: String) async throws {
        try await withDeadline(.seconds(30), "no lag of \(topic)") {
            try await poll {
                let statistics = consumer.assigned.first?.statistics
                let lag = try await admin.lag(ofGroup: topic, topic: topic)
                return statistics?.lag == 0 && statistics?.position != nil && lag == [0: 0]
            }
        }
    }

    @Test("behind it are markers of transactions, and the group comes to have no lag")
    func markers() async throws {
        try await admin.createTopics([NewTopic("markers", partitions: 1)])
        try await sendInTransaction(3, to: "markers")
        #expect(try await admin.offsets(ofTopic: "markers", partition: 0).upperBound > 5, "records and markers")
        let consumer = try makeConsumer(of: "markers")
        let loop = Task { for try await _ in consumer {} }
        try await expectNoLag(consumer, of: "markers")
        await consumer.close()
        try await loop.value

        // One that starts there has none either, and what comes is read.
        let next = try makeConsumer(of: "markers")
        let seen = Requirement("a record")
        let nextLoop = Task { for try await record in next where record.text == "3" { seen.fulfill() } }
        try await expectNoLag(next, of: "markers")
        let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
        try await producer.send(ProducerRecord("markers", "3", partition: 0))
        await producer.close()
        try await seen.wait(atMost: .seconds(30))
        try await expectNoLag(next, of: "markers")
        await next.close()
        try await nextLoop.value
    }

    @Test("a worker with transactions commits past markers too, those that come later included")
    func transactions() async throws {
        let topic = "marked-tasks"
        try await admin.createTopics([NewTopic(topic, partitions: 1), NewTopic("marked-results", partitions: 1)])
        let configuration = ProducerConfiguration(bootstrapServers: broker.bootstrapServers)
        let (sender, producer) = (
            try TransactionalProducer(configuration, id: topic), try TransactionalProducer(configuration, id: "marked")
        )
        let handled = Watched(0)
        let controller = Controller(logger: .none)
        try await controller.register("step") { (_: JSONObject, _) in handled.update { $0 += 1 } }
        let worker = Worker(
            consumer: try makeConsumer(of: topic),
            controller: controller,
            options: WorkerOptions(
                replies: Replies(to: "marked-results", with: producer),
                transactions: Transactions(with: producer, maxDelay: .milliseconds(1)),
                shutdownSignals: []
            )
        )
        async let running: Void = worker.run()
        for round in 1...3 {
            try await sender.send(contentsOf: [Message(entrypoint: "step"), Message(entrypoint: "step")], to: topic)
            try await withDeadline(.seconds(30), "no lag in round \(round)") {
                try await handled.wait { $0 == 2 * round ? () : nil }
                try await poll { try await admin.lag(ofGroup: topic, topic: topic) == [0: 0] }
            }
        }
        await worker.shutdown()
        try await running
        #expect(handled.value == 6)
        await sender.close()
        await producer.close()
    }

    @Test("a record in work is not committed with the markers behind it")
    func work() async throws {
        try await admin.createTopics([NewTopic("marked-work", partitions: 1)])
        try await sendInTransaction(2, to: "marked-work")
        let consumer = try makeConsumer(of: "marked-work")
        let gate = Gate()
        let begun = Requirement("the second record")
        let loop = Task {
            for try await record in consumer where record.text == "1" {
                begun.fulfill()
                await gate.pass()
            }
        }
        try await begun.wait(atMost: .seconds(30))
        try await poll { try await admin.committedOffsets(ofGroup: "marked-work", topic: "marked-work")[0] == 2 }
        let statistics = try #require(consumer.assigned.first?.statistics)
        #expect(statistics.position == 2)
        gate.open()
        try await expectNoLag(consumer, of: "marked-work")
        await consumer.close()
        try await loop.value
    }

    @Test("a transaction that is open is behind it")
    func openTransaction() async throws {
        try await admin.createTopics([NewTopic("open", partitions: 1)])
        let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
        try await producer.send(ProducerRecord("open", "before", partition: 0))
        await producer.close()
        let transaction = try await PythonPeer.openTransaction(["later"], to: "open", on: broker.bootstrapServers)
        let consumer = try makeConsumer(of: "open")
        let loop = Task { for try await _ in consumer {} }
        try await expectNoLag(consumer, of: "open")
        transaction.kill()
        await consumer.close()
        try await loop.value
    }

    @Test("a control topic that ends in one keeps no worker waiting")
    func control() async throws {
        try await admin.createTopics([
            NewTopic("marked-jobs", partitions: 1), NewTopic("marked-control", partitions: 2),
        ])
        let transactional = try TransactionalProducer(
            ProducerConfiguration(bootstrapServers: broker.bootstrapServers),
            id: "marked-control"
        )
        try await transactional.send(
            contentsOf: (0..<2).map { ProducerRecord("marked-control", "no message", partition: $0) }
        )
        await transactional.close()
        let begun = Requirement("a handler begins")
        let controller = Controller(logger: .none)
        try await controller.register("step") { (_: JSONObject, _) in begun.fulfill() }
        var cancellations = Cancellations(
            topic: "marked-control",
            in: try KafkaTopicReader(bootstrapServers: broker.bootstrapServers)
        )
        cancellations.patience = .seconds(90)
        let worker = Worker(
            consumer: try makeConsumer(of: "marked-jobs"),
            controller: controller,
            options: WorkerOptions(cancellations: cancellations, shutdownSignals: [])
        )
        async let running: Void = worker.run()
        let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
        try await producer.send(Message(entrypoint: "step"), to: "marked-jobs")
        try await begun.wait(atMost: .seconds(40))
        await producer.close()
        await worker.shutdown()
        try await running
    }
}
