import Kser
import KserKafka
import TestSupport
import Testing

extension InteropTests {
    /// Transactions on a broker that keeps them apart, as the embedded one does not.
    struct TransactionTests {
        @Test("a transaction's records are read together, an aborted one's never")
        func isolation() async throws {
            let stage = try await TransactionStage("isolation")
            let producer = try stage.makeProducer("isolation")
            let sent = try await producer.send(contentsOf: [stage.record("a"), stage.record("b")])
            #expect(sent.map(\.offset) == [0, 1])
            var large = stage.record("too large")
            large.value = Array(repeating: 1, count: 2_000_000)
            let error = await #expect(throws: KafkaError.self) {
                try await producer.commit([stage.record("with it"), large])
            }
            #expect(error?.code == .messageTooLarge && error?.isFatal == false)
            try await PythonPeer.abortTransaction(["aborted"], to: stage.output, on: stage.servers)
            #expect(try await producer.send(stage.record("c")).offset != nil)
            await producer.close()
            #expect(try await stage.read(3) == ["a", "b", "c"])
            // What came with the large record may have reached the broker before the abort.
            let all = try await stage.read(4, .readUncommitted).filter { $0 != "with it" }
            #expect(all.prefix(3) == ["a", "b", "aborted"])
            let closed = await #expect(throws: KafkaError.self) { try await producer.send(stage.record("d")) }
            #expect(closed?.code == .closed)
        }

        @Test("offsets are committed with the records, and by nothing else")
        func offsets() async throws {
            let stage = try await TransactionStage("offsets")
            let plain = try Producer(ProducerConfiguration(bootstrapServers: stage.servers))
            try await plain.send(contentsOf: (0..<6).map { stage.task("\($0)") })
            await plain.close()
            let producer = try stage.makeProducer("offsets")
            let consumer = try stage.makeConsumer { $0.commitInterval = .milliseconds(20) }
            for try await partition in consumer.partitions {
                for try await record in partition {
                    let progress = PartitionProgress(partition, after: record)
                    if record.offset == 3 {
                        var large = stage.record("too large")
                        large.value = Array(repeating: 1, count: 2_000_000)
                        await #expect(throws: KafkaError.self) {
                            try await producer.commit([stage.record("3"), large], completing: [progress])
                        }
                        // Aborted: the group's offset is still that of the transaction before.
                        try await stage.expectCommitted(3)
                        partition.complete(record)
                        try await consumer.commit()
                        try await stage.expectCommitted(3)
                        break
                    }
                    try await producer.commit(
                        [stage.record(String(decoding: record.value ?? [], as: UTF8.self))],
                        completing: [progress]
                    )
                    partition.complete(record)
                    try await stage.expectCommitted(record.offset + 1)
                }
                break
            }
            await consumer.close()
            await producer.close()
            try await stage.expectCommitted(3)
            #expect(try await stage.read(3) == ["0", "1", "2"])
        }

        @Test("a producer shuts out the one before it of the same id, for good")
        func fencing() async throws {
            let stage = try await TransactionStage("fencing")
            let first = try stage.makeProducer("fencing")
            try await first.send(stage.record("first"))
            let second = try stage.makeProducer("fencing")
            try await second.prepare()
            let error = await #expect(throws: KafkaError.self) { try await first.send(stage.record("zombie")) }
            #expect(error?.code == .fenced && error?.isFatal == true, "\(String(describing: error))")
            let again = await #expect(throws: KafkaError.self) { try await first.send(stage.record("zombie")) }
            #expect(again?.isFatal == true)
            try await second.send(stage.record("second"))
            await first.close()
            await second.close()
            #expect(try await stage.read(2) == ["first", "second"])
        }

        @Test("a partition that was taken away takes no offset any more")
        func revoked() async throws {
            let stage = try await TransactionStage("revoked")
            let plain = try Producer(ProducerConfiguration(bootstrapServers: stage.servers))
            try await plain.send(stage.task("0"))
            await plain.close()
            let producer = try stage.makeProducer("revoked")
            let consumer = try stage.makeConsumer()
            for try await partition in consumer.partitions {
                for try await record in partition {
                    // Given up, so that closing does not wait for it.
                    partition.abandon(record)
                    await consumer.close()
                    let error = await #expect(throws: KafkaError.self) {
                        try await producer.commit(
                            [stage.record("late")],
                            completing: [PartitionProgress(partition, after: record)]
                        )
                    }
                    #expect(error?.code == .revoked && error?.isFatal == false)
                }
            }
            try await producer.send(stage.record("next"))
            await producer.close()
            #expect(try await stage.read(1) == ["next"])
            try await stage.expectCommitted(nil)
        }

        @Test("a cancelled task gets its error at once, and the transaction is ended all the same")
        func cancellation() async throws {
            let stage = try await TransactionStage("cancel")
            let producer = try stage.makeProducer("cancel")
            let cancelled = Task { try await producer.send(stage.record("cancelled")) }
            cancelled.cancel()
            _ = await cancelled.result
            try await producer.send(stage.record("next"))
            await producer.close()
            let read = try await stage.read(1)
            #expect(read == ["next"] || read == ["cancelled"])
        }

        @Test("many transactions asked for at once follow one another")
        func concurrent() async throws {
            let stage = try await TransactionStage("concurrent")
            let producer = try stage.makeProducer("concurrent")
            try await withThrowingTaskGroup { group in
                for number in 0..<20 {
                    group.addTask {
                        try await producer.send(contentsOf: [stage.record("\(number)"), stage.record("\(number)")])
                    }
                }
                try await group.waitForAll()
            }
            await producer.close()
            let read = try await stage.read(40)
            #expect(Set(read).count == 20)
            #expect(stride(from: 0, to: 40, by: 2).allSatisfy { read[$0] == read[$0 + 1] })
        }
    }
}

/// An input topic, an output topic and a group of a test's own on the shared broker.
struct TransactionStage: Sendable {
    let servers: String
    let input: String
    let output: String
    let group: String
    let admin: Admin

    init(_ name: String) async throws {
        servers = try await NoidaBroker.shared().bootstrapServers
        (input, output, group) = ("tx-\(name)-in", "tx-\(name)-out", "tx-\(name)")
        admin = try Admin(bootstrapServers: servers)
        try await admin.createTopics([NewTopic(input, partitions: 1), NewTopic(output, partitions: 1)])
    }

    func makeProducer(_ id: String) throws -> TransactionalProducer {
        var configuration = ProducerConfiguration(bootstrapServers: servers)
        configuration.transactionTimeout = .seconds(20)
        return try TransactionalProducer(configuration, id: id)
    }

    func makeConsumer(_ change: (inout ConsumerConfiguration) -> Void = { _ in }) throws -> Consumer {
        var configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: group)
        change(&configuration)
        return try Consumer(configuration, topics: [input])
    }

    /// A record for the output.
    func record(_ text: String) -> ProducerRecord {
        ProducerRecord(topic: output, partition: 0, value: Array(text.utf8))
    }

    /// A record for the input.
    func task(_ text: String) -> ProducerRecord { ProducerRecord(topic: input, partition: 0, value: Array(text.utf8)) }

    /// The first records of the output.
    func read(
        _ count: Int,
        _ isolation: ConsumerConfiguration.Isolation = .readCommitted
    ) async throws -> [String] {
        var configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: "\(group)-\(isolation)")
        configuration.isolation = isolation
        let consumer = try Consumer(configuration, topics: [output])
        return try await withDeadline(.seconds(60), "\(count) records of \(output)") {
            var texts: [String] = []
            for try await record in consumer {
                texts.append(String(decoding: record.value ?? [], as: UTF8.self))
                if texts.count == count { break }
            }
            await consumer.close()
            return texts
        }
    }

    func expectCommitted(_ offset: Int64?, _ location: SourceLocation = #_sourceLocation) async throws {
        let committed = try await admin.committedOffsets(ofGroup: group, topic: input)
        #expect(committed[0] == offset, sourceLocation: location)
    }
}
