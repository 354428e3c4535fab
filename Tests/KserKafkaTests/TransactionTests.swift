import Kser
import KserKafka
import KserTesting
import Testing

/// On the embedded broker, whose requests fail on demand.
@Suite("Transactions", .timeLimit(.minutes(3)))
struct TransactionTests {
    @Test(
        "what passes is tried again, within the same transaction",
        arguments: [
            EmbeddedBroker.Request.addPartitionsToTransaction, .endTransaction, .produce, .initProducerID,
        ],
        [EmbeddedBroker.BrokerFault.coordinatorLoading, .disconnect]
    )
    func retried(_ request: EmbeddedBroker.Request, _ fault: EmbeddedBroker.BrokerFault) async throws {
        // Produce requests go to a leader, not to a coordinator.
        let fault =
            request == .produce && fault == .coordinatorLoading ? EmbeddedBroker.BrokerFault.notEnoughReplicas : fault
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeTransactionalProducer()
        if request != .initProducerID { try await producer.prepare() }
        try await broker.fail(request, with: [fault, fault])
        #expect(try await producer.send(contentsOf: [ProducerRecord("t", "a"), ProducerRecord("t", "b")]).count == 2)
        await producer.close()
    }

    @Test("a record that is not delivered aborts its transaction alone, and says why")
    func aborted() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeTransactionalProducer()
        try await producer.prepare()
        try await broker.fail(.produce, with: [.messageTooLarge])
        let error = await kafkaError { try await producer.send(ProducerRecord("t", "a")) }
        #expect(error?.code == .messageTooLarge && error?.isFatal == false && error?.topic == "t")
        #expect(try await producer.send(ProducerRecord("t", "b")).topic == "t")
        await producer.close()
    }

    @Test("records whose batch alone is too large go one by one, so that the one at fault is known")
    func batchTooLarge() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeTransactionalProducer()
        try await producer.prepare()
        let records = ["a", "b", "c"].map { ProducerRecord("t", $0) }
        try await broker.fail(.produce, with: [.messageTooLarge])
        #expect(try await producer.send(contentsOf: records).count == 3)
        // The second request meets the gap that the first one left.
        try await broker.fail(.produce, with: [.messageTooLarge, .none, .none, .messageTooLarge])
        let error = await kafkaError { try await producer.send(contentsOf: records) }
        #expect(error?.code == .messageTooLarge && error?.failedIndices == [1], "\(error as Any)")
        await producer.close()
    }

    @Test("a producer that is shut out says so, and stays so")
    func fenced() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeTransactionalProducer()
        try await producer.prepare()
        try await broker.fail(.endTransaction, with: [.invalidProducerEpoch])
        for _ in 0..<2 {
            let error = await kafkaError { try await producer.send(ProducerRecord("t", "a")) }
            #expect(error?.code == .fenced && error?.isFatal == true, "\(String(describing: error))")
            #expect(error?.message.contains("transactional id") == true)
        }
        await producer.close()
    }

    @Test("without a broker it says where it looked, within the transaction timeout")
    func noBroker() async throws {
        var configuration = ProducerConfiguration(bootstrapServers: "127.0.0.1:1")
        configuration.transactionTimeout = .seconds(2)
        configuration.closeTimeout = .seconds(1)
        let producer = try TransactionalProducer(configuration, id: "t")
        let error = await kafkaError { try await producer.prepare() }
        #expect(error?.code == .brokerUnavailable && error?.isRetriable == true && error?.isFatal == false)
        #expect(error?.message.contains("127.0.0.1:1") == true)
        await producer.close()
    }

    @Test("a broker that is away for a while holds a transaction up, and no longer")
    func brokerAway() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeTransactionalProducer()
        try await producer.prepare()
        try await broker.setBroker(isUp: false)
        async let sent = producer.send(ProducerRecord("t", "a"))
        try await broker.setBroker(isUp: true)
        #expect(try await sent.topic == "t")
        await producer.close()
    }

    @Test("settings that do not fit are refused with their names")
    func settings() async throws {
        let broker = try EmbeddedBroker()
        #expect(
            await kafkaError { _ = try TransactionalProducer(.init(bootstrapServers: "a:1"), id: "") }?.message
                == "setting id: it is empty"
        )
        let error = await kafkaError { _ = try broker.makeTransactionalProducer { $0.transactionTimeout = .zero } }
        #expect(error?.code == .configuration && error?.message.contains("transactionTimeout") == true)
        // Longer than a transaction: the records' time ends with it.
        _ = try broker.makeTransactionalProducer { $0.deliveryTimeout = .seconds(600) }
    }

    @Test("the offset of a partition that went back is left out, and what is sent is sent")
    func wentBack() async throws {
        let broker = try EmbeddedBroker(topics: ["in": 1, "out": 1])
        try await broker.makeProducer().send(ProducerRecord("in", "a"))
        let producer = try broker.makeTransactionalProducer()
        let consumer = try broker.makeConsumer(["in"])
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        for try await partition in consumer.partitions {
            var records = partition.makeAsyncIterator()
            let record = try #require(try await records.next())
            partition.supersede()
            try await producer.commit(
                [ProducerRecord("out", "b")],
                completing: [PartitionProgress(partition, after: record)]
            )
            #expect(try await admin.offsets(ofTopic: "out", partition: 0).upperBound > 0)
            #expect(try await admin.committedOffsets(ofGroup: "g", topic: "in").isEmpty)
            partition.abandon(record)
            break
        }
        await consumer.close()
        await producer.close()
    }

    @Test("partitions of another transport are refused before anything is sent")
    func otherTransport() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeTransactionalProducer()
        let memory = InMemoryBroker()
        try await memory.makeProducer().send(ProducerRecord("t", "a"))
        let consumer = memory.makeConsumer(topics: ["t"], group: "g")
        for try await partition in consumer.partitions {
            let error = await kafkaError {
                try await producer.commit(
                    [ProducerRecord("t", "a")],
                    completing: [PartitionProgress(partition, offset: 1)]
                )
            }
            #expect(error?.code == .unsupported)
            break
        }
        await producer.close()
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        #expect(try await admin.offsets(ofTopic: "t", partition: 0).isEmpty)
    }
}

extension EmbeddedBroker {
    func makeTransactionalProducer(
        _ change: (inout ProducerConfiguration) -> Void = { _ in }
    ) throws -> TransactionalProducer {
        var configuration = ProducerConfiguration(bootstrapServers: bootstrapServers)
        configuration.reconnectSoon()
        change(&configuration)
        return try TransactionalProducer(configuration, id: "t")
    }
}
