import Kser
import KserKafka
import KserTesting
import Testing

@Suite("Consumer, from the first loop to the end", .timeLimit(.minutes(3)))
struct ConsumerLifeTests {
    private func fill(_ broker: EmbeddedBroker, _ topic: String, _ count: Int, partitions: Int32 = 1) async throws {
        let producer = try broker.makeProducer()
        try await producer.send(
            contentsOf: (0..<count).map { ProducerRecord(topic, "\($0)", partition: Int32($0) % partitions) }
        )
        await producer.close()
    }

    private func committed(_ broker: EmbeddedBroker, _ topic: String = "t") async throws -> [Int32: Int64] {
        try await Admin(bootstrapServers: broker.bootstrapServers).committedOffsets(ofGroup: "g", topic: topic)
    }

    @Test("leaving the loop commits what the body finished, and the next consumer goes on there at once")
    func leaving() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await fill(broker, "t", 10)
        let consumer = try broker.makeConsumer(["t"]) { $0.drainTimeout = .seconds(60) }
        var texts: [String] = []
        for try await record in consumer {
            texts.append(record.text)
            if texts.count == 4 { break }
        }
        let start = ContinuousClock.now
        await consumer.close()
        // The fourth is not finished, and nobody waits for it.
        #expect(ContinuousClock.now - start < .seconds(40))
        #expect(try await committed(broker) == [0: 3])
        for try await record in try broker.makeConsumer(["t"]) {
            texts.append(record.text)
            if record.text == "9" { break }
        }
        #expect(texts == ["0", "1", "2", "3"] + (3...9).map { "\($0)" })
    }

    @Test("cancelling the task ends the loop, and the group is left")
    func cancelling() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await fill(broker, "t", 1)
        let consumer = try broker.makeConsumer(["t"])
        let seen = Requirement("a record")
        let task = Task {
            for try await _ in consumer { seen.fulfill() }
        }
        try await seen.wait(atMost: .seconds(20))
        task.cancel()
        try await task.value
        await consumer.close()
        #expect(await kafkaError { try await consumer.commit() }?.code == .closed)
    }

    @Test("closing in a cancelled task waits for the end")
    func closingCancelled() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await fill(broker, "t", 1)
        let consumer = try broker.makeConsumer(["t"]) { $0.commitInterval = .seconds(600) }
        let completed = Requirement("a completed record")
        let task = Task {
            for try await partition in consumer.partitions {
                for try await record in partition {
                    partition.complete(record)
                    completed.fulfill()
                }
            }
            await consumer.close()
        }
        try await completed.wait(atMost: .seconds(20))
        task.cancel()
        try await task.value
        #expect(try await committed(broker) == [0: 1])
    }

    @Test("closing before the first loop, twice, and releasing without any loop")
    func closingIdle() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let consumer = try broker.makeConsumer(["t"])
        await consumer.close()
        await consumer.close()
        for try await _ in consumer { Issue.record("a closed consumer gives nothing") }
        do {
            let partitions = try broker.makeConsumer(["t"]).partitions
            _ = partitions
        }
        _ = try broker.makeConsumer(["t"])
    }

    @Test("a sequence keeps its consumer alive")
    func sequenceAlone() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await fill(broker, "t", 1)
        let partitions = try broker.makeConsumer(["t"]).partitions
        for try await partition in partitions {
            #expect(partition.topic == "t" && partition.partition == 0)
            for try await record in partition {
                #expect(record.text == "0")
                break
            }
            break
        }
    }

    @Test("closing waits for work in flight and commits it; records that were not handed out stay")
    func draining() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await fill(broker, "t", 10)
        let consumer = try broker.makeConsumer(["t"])
        let begun = Requirement("work begun")
        let mayEnd = Gate()
        let loop = Task {
            for try await partition in consumer.partitions {
                for try await record in partition {
                    begun.fulfill()
                    await mayEnd.pass()
                    partition.complete(record)
                }
            }
        }
        try await begun.wait(atMost: .seconds(20))
        async let closed: Void = consumer.close()
        consumer.stop()
        mayEnd.open()
        await closed
        try await loop.value
        #expect(begun.count == 1)
        #expect(try await committed(broker) == [0: 1])
    }

    @Test("closing gives up on work that does not end")
    func stuck() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await fill(broker, "t", 2)
        let consumer = try broker.makeConsumer(["t"]) { $0.drainTimeout = .milliseconds(200) }
        let begun = Requirement("work begun")
        let loop = Task {
            for try await partition in consumer.partitions {
                for try await _ in partition { begun.fulfill() }
            }
        }
        try await begun.wait(atMost: .seconds(20))
        await consumer.close()
        try await loop.value
        #expect(try await committed(broker) == [:])
    }

    @Test("closing waits for the work of partitions, though an iteration over the records was tried too")
    func secondIteration() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await fill(broker, "t", 1)
        let lines = Lines()
        let consumer = try broker.makeConsumer(["t"], logger: lines.logger) { $0.drainTimeout = .milliseconds(200) }
        for try await partition in consumer.partitions {
            await #expect(throws: KserError.self) { for try await _ in consumer {} }
            for try await _ in partition { break }
            break
        }
        await consumer.close()
        #expect(lines.all.contains { $0.message.hasPrefix("Records are still in work after drainTimeout") })
    }

    @Test("more than the high-water mark flows on when there is room again")
    func waterMarks() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 2])
        try await fill(broker, "t", 5_000, partitions: 2)
        let consumer = try broker.makeConsumer(["t"]) {
            $0.highWater = ConsumerConfiguration.Water(messages: 10, bytes: 1_000)
            $0.lowWater = ConsumerConfiguration.Water(messages: 2, bytes: 100)
            $0.queuedMinMessages = 100
        }
        var next: [Int32: Int64] = [0: 0, 1: 0]
        var count = 0
        for try await record in consumer {
            #expect(record.offset == next[record.partition])
            next[record.partition] = record.offset + 1
            count += 1
            if count == 5_000 { break }
        }
        #expect(next == [0: 2_500, 1: 2_500])
    }
}
