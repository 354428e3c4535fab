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
        let handled = Requirement("all records", count: 400)
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

    @Test func recordsHaveTimestamps() async throws {
        let clock = ManualClock()
        let broker = InMemoryBroker(clock: clock.workerClock)
        let producer = broker.makeProducer()
        let sent = try await producer.send(ProducerRecord(topic: "t", value: []))
        try await producer.send(ProducerRecord(topic: "t", value: [], timestamp: 42))
        try await broker.makeTransactionalProducer().commit([ProducerRecord(topic: "t", value: [])])
        #expect(broker.records(in: "t").map(\.timestamp) == [clock.now, 42, clock.now])
        #expect(sent.timestamp == clock.now)
    }

    @Test func aPartitionIsGivenUpAtTheDrainDeadline() async throws {
        let clock = ManualClock()
        let broker = InMemoryBroker(clock: clock.workerClock)
        try await fill("t", count: 3, broker)
        let first = broker.makeConsumer(topics: ["t"], group: "g", drainTimeout: .seconds(7))
        var partitions = first.partitions.makeAsyncIterator()
        let partition = try #require(try await partitions.next())
        var records = partition.makeAsyncIterator()
        let done = try #require(try await records.next())
        let stuck = try #require(try await records.next())
        partition.complete(done)
        async let closed: Void = first.close()
        #expect(try await clock.skip() == .seconds(7))
        await closed
        #expect(broker.committedOffset(group: "g", topic: "t") == 1)
        // Too late: the next owner has it.
        partition.complete(stuck)
        try await first.commit()
        let second = broker.makeConsumer(topics: ["t"], group: "g")
        var again = second.makeAsyncIterator()
        #expect(try await again.next()?.offset == 1)
        #expect(broker.committedOffset(group: "g", topic: "t") == 1)
    }

    @Test func aHandlerThatOutlivesTheDrainDeadlineRunsAgain() async throws {
        try await fill("t", count: 1)
        let runs = Requirement("two runs", count: 2)
        let gate = Gate()
        let controller = Controller(logger: .none)
        try await controller.register("step") { (_: JSONObject, _) in
            runs.fulfill()
            await gate.pass()
        }
        try await broker.makeProducer().send(Message(entrypoint: "step"), to: "jobs")
        for _ in 0..<2 {
            let consumer = broker.makeConsumer(topics: ["jobs"], group: "w", drainTimeout: .milliseconds(10))
            let worker = Worker(consumer: consumer, controller: controller)
            let count = runs.count
            let running = Task { try await worker.run() }
            while runs.count == count { await Task.yield() }
            await worker.shutdown()
            if runs.count == 2 { gate.open() }
            if runs.count == 1 { running.cancel() }
        }
        #expect(runs.count == 2)
        #expect(broker.committedOffset(group: "w", topic: "jobs") == nil)
    }

    @Test func refusedCommitsAreThrownAndTriedAgain() async throws {
        struct Refused: Error {}
        try await fill("t", count: 2)
        let consumer = broker.makeConsumer(topics: ["t"], group: "g")
        var records = consumer.makeAsyncIterator()
        _ = try await records.next()
        try await consumer.commit()
        _ = try await records.next()
        broker.refuseCommits(2, of: "g", with: Refused())
        for _ in 0..<2 { await #expect(throws: Refused.self) { try await consumer.commit() } }
        #expect(broker.committedOffset(group: "g", topic: "t") == nil)
        try await consumer.commit()
        #expect(broker.committedOffset(group: "g", topic: "t") == 1)
    }

    @Test func aRefusedCommitAtTheEndIsDeliveredAgain() async throws {
        try await fill("t", count: 3)
        let first = broker.makeConsumer(topics: ["t"], group: "g")
        broker.refuseCommits(of: "g")
        for try await record in first where record.offset == 2 { break }
        await first.close()
        var again = broker.makeConsumer(topics: ["t"], group: "g").makeAsyncIterator()
        #expect(try await again.next()?.offset == 0)
    }

    @Test func aTransactionOfARefusedCommitOrALostPartitionHasNoEffect() async throws {
        try await fill("t", count: 2)
        let consumer = broker.makeConsumer(topics: ["t"], group: "g")
        var partitions = consumer.partitions.makeAsyncIterator()
        let partition = try #require(try await partitions.next())
        var records = partition.makeAsyncIterator()
        let record = try #require(try await records.next())
        let producer = broker.makeTransactionalProducer()
        let progress = [PartitionProgress(partition, after: record)]
        let result = ProducerRecord(topic: "results", value: [])
        broker.refuseCommits(of: "g")
        await #expect(throws: KserError.self) { try await producer.commit([result], completing: progress) }
        try await producer.commit([result], completing: progress)
        #expect(broker.committedOffset(group: "g", topic: "t") == 1)
        consumer.losePartitions()
        await #expect(throws: KserError.self) { try await producer.commit([result], completing: progress) }
        #expect(broker.records(in: "results").count == 1)
    }

    @Test func lostPartitionsComeBackAtWhatWasCommitted() async throws {
        try await fill("t", count: 5)
        let consumer = broker.makeConsumer(topics: ["t"], group: "g")
        var partitions = consumer.partitions.makeAsyncIterator()
        let lost = try #require(try await partitions.next())
        var records = lost.makeAsyncIterator()
        let first = try #require(try await records.next())
        let second = try #require(try await records.next())
        lost.complete(first)
        try await consumer.commit()
        lost.complete(second)
        consumer.losePartitions()
        #expect(lost.isEnded)
        #expect(try await records.next() == nil)
        let back = try #require(try await partitions.next())
        var again = back.makeAsyncIterator()
        #expect(try await again.next()?.offset == 1)
        await consumer.close()
        #expect(broker.committedOffset(group: "g", topic: "t") == 1)
    }

    private func fill(_ topic: String, count: Int, _ other: InMemoryBroker? = nil) async throws {
        let producer = (other ?? broker).makeProducer()
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
