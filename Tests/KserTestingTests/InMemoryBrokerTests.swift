import Kser
import KserTesting
import Testing

@Suite(.timeLimit(.minutes(1))) struct InMemoryBrokerTests {
    private let broker = InMemoryBroker()

    @Test func theMergedSequenceCompletesARecordWhenTheNextIsAskedFor() async throws {
        try await fill("t", count: 10)
        let consumer = broker.makeConsumer(topics: ["t"], group: "g")
        var seen: [Int64] = []
        for try await record in consumer {
            seen.append(record.offset)
            if seen.count == 4 { break }
        }
        await consumer.close()
        #expect(seen == [0, 1, 2, 3])
        #expect(broker.committedOffset(group: "g", topic: "t") == 3)
    }

    @Test func aNewConsumerGoesOnWhereTheGroupCommitted() async throws {
        try await fill("t", count: 10)
        let first = broker.makeConsumer(topics: ["t"], group: "g")
        for try await record in first where record.offset == 6 { break }
        await first.close()
        let second = broker.makeConsumer(topics: ["t"], group: "g")
        var iterator = second.makeAsyncIterator()
        #expect(try await iterator.next()?.offset == 6)
    }

    @Test func consumersOfAGroupShareThePartitionsAndHandThemOver() async throws {
        broker.createTopic("t", partitions: 4)
        let handled = Expectation("all records", count: 400)
        let seen = Seen()
        let first = broker.makeConsumer(topics: ["t"], group: "g")
        let second = broker.makeConsumer(topics: ["t"], group: "g")
        try await withThrowingTaskGroup { group in
            for (name, consumer) in [("first", first), ("second", second)] {
                group.addTask {
                    try await drain(consumer) { record in
                        await seen.note("\(record.partition)@\(record.offset)", by: name)
                        handled.fulfill()
                    }
                }
            }
            try await fill("t", count: 400)
            try await handled.wait()
            await first.close()
            await second.close()
            try await group.waitForAll()
        }
        let counts = await seen.counts
        #expect(counts.count == 400)
        #expect(counts.values.allSatisfy { $0 == 1 })
        for partition in 0..<4 as Range<Int32> {
            #expect(broker.committedOffset(group: "g", topic: "t", partition: partition) == 100)
        }
    }

    @Test func closingTwiceAndClosingBeforeIteratingEnd() async throws {
        let consumer = broker.makeConsumer(topics: ["t"], group: "g")
        await consumer.close()
        await consumer.close()
        var partitions = consumer.partitions.makeAsyncIterator()
        #expect(try await partitions.next() == nil)
    }

    @Test func buffersAreBounded() async throws {
        try await fill("t", count: 5_000)
        let consumer = broker.makeConsumer(topics: ["t"], group: "g", buffer: 300)
        var partitions = consumer.partitions.makeAsyncIterator()
        let partition = try #require(try await partitions.next())
        #expect(partition.buffered >= 300 && partition.buffered < 1_000)
        var count = 0
        for try await record in partition {
            partition.complete(record)
            count += 1
            if count == 5_000 { break }
        }
        try await consumer.commit()
        #expect(broker.committedOffset(group: "g", topic: "t") == 5_000)
    }

    private func fill(_ topic: String, count: Int) async throws {
        let producer = broker.makeProducer()
        for index in 0..<count { try await producer.send(ProducerRecord(topic: topic, value: Array("\(index)".utf8))) }
    }
}

private func drain(_ consumer: InMemoryConsumer, _ handle: @escaping @Sendable (Record) async -> Void) async throws {
    try await withThrowingDiscardingTaskGroup { group in
        for try await partition in consumer.partitions {
            group.addTask {
                for try await record in partition {
                    await handle(record)
                    partition.complete(record)
                }
            }
        }
    }
}

private actor Seen {
    private(set) var counts: [String: Int] = [:]
    func note(_ place: String, by name: String) { counts[place, default: 0] += 1 }
}
