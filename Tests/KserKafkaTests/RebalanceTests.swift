import Kser
import KserKafka
import KserTesting
import Synchronization
import TestSupport
import Testing

@Suite("Consumers of one group", .timeLimit(.minutes(2)))
struct RebalanceTests {
    /// Handles partitions until its consumer closes, and notes every record and the end of every partition.
    private final class Member: Sendable {
        let consumer: Consumer
        let records = Mutex<[String]>([])
        let assigned = Requirement("assigned", count: 1)
        let revoked = Requirement("revoked", count: 1)
        /// So many records, each counted once: the group may make some come again.
        let handled: Requirement
        /// All partitions came that are to come over all rebalances.
        let allAssigned: Requirement

        init(_ consumer: Consumer, handles count: Int, getsPartitions partitions: Int = 1) {
            self.consumer = consumer
            handled = Requirement("\(count) records", count: count)
            allAssigned = Requirement("\(partitions) partitions", count: partitions)
        }

        func run() async throws {
            try await withThrowingDiscardingTaskGroup { group in
                for try await partition in consumer.partitions {
                    assigned.fulfill()
                    allAssigned.fulfill()
                    group.addTask {
                        for try await record in partition {
                            let isNew = self.records.withLock { records in
                                defer { records.append(record.text) }
                                return !records.contains(record.text)
                            }
                            partition.complete(record)
                            if isNew { self.handled.fulfill() }
                        }
                        self.revoked.fulfill()
                    }
                }
            }
        }
    }

    @Test(
        "a second member takes partitions over, and every record is handled once",
        arguments: [
            [ConsumerConfiguration.AssignmentStrategy.range, .roundRobin], [.cooperativeSticky],
        ]
    )
    func sharing(_ strategy: [ConsumerConfiguration.AssignmentStrategy]) async throws {
        let broker = try EmbeddedBroker(topics: ["t": 4])
        let producer = try broker.makeProducer()
        func send(_ numbers: Range<Int>) async throws {
            try await producer.send(
                contentsOf: numbers.map { ProducerRecord("t", "\($0)", partition: Int32($0 % 4)) }
            )
        }
        func makeConsumer() throws -> Consumer {
            try broker.makeConsumer(["t"]) {
                $0.assignmentStrategy = strategy
                $0.commitInterval = .milliseconds(50)
            }
        }
        // The embedded broker takes no commits while the group is rebalanced, so they are waited for before that.
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        func allCommitted() async throws {
            while try await admin.lag(ofGroup: "g", topic: "t").values.max() != 0 { await Task.yield() }
        }
        // All four; the eager way two and four again, the cooperative way two again.
        let partitions = strategy == [.cooperativeSticky] ? 6 : 10
        let first = Member(try makeConsumer(), handles: 400, getsPartitions: partitions)
        try await send(0..<400)
        async let firstRun: Void = first.run()
        try await first.handled.wait(atMost: .seconds(20))
        try await allCommitted()

        let second = Member(try makeConsumer(), handles: 200)
        async let secondRun: Void = second.run()
        try await second.assigned.wait(atMost: .seconds(30))
        try await send(400..<800)
        try await second.handled.wait(atMost: .seconds(20))
        try await first.revoked.wait(atMost: .seconds(1))
        try await allCommitted()
        await second.consumer.close()
        try await secondRun

        // The first one takes the partitions back.
        try await first.allAssigned.wait(atMost: .seconds(20))
        try await send(800..<1_200)
        try await allCommitted()
        await first.consumer.close()
        try await firstRun
        let numbers = (first.records.withLock { $0 } + second.records.withLock { $0 }).compactMap { Int($0) }
        #expect(Set(numbers) == Set(0..<1_200))
        // A further rebalance on a slow machine makes some come again.
        #expect(numbers.count < 2_000)
    }

    // Nothing to commit and full buffers: the poll that takes the partitions away is the one that gives two of them back.
    @Test("a paused member that gets partitions back at once reads them when it is resumed")
    func sameAgain() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 4])
        let producer = try broker.makeProducer()
        try await producer.send(contentsOf: (0..<4_000).map { ProducerRecord("t", "\($0)", partition: $0 % 4) })
        func makeMember(getsPartitions partitions: Int) throws -> Member {
            let consumer = try broker.makeConsumer(["t"]) {
                $0.commitInterval = .seconds(60)
                ($0.lowWater.messages, $0.highWater.messages) = (100, 200)
            }
            return Member(consumer, handles: 2_000, getsPartitions: partitions)
        }
        let first = try makeMember(getsPartitions: 4 + 2)
        first.consumer.pause()
        async let firstRun: Void = first.run()
        while first.consumer.assigned.filter(\.isFull).count < 4 { await Task.yield() }
        let second = try makeMember(getsPartitions: 2)
        async let secondRun: Void = second.run()
        try await first.allAssigned.wait(atMost: .seconds(30))
        try await second.handled.wait(atMost: .seconds(20))
        #expect(first.records.withLock { $0.isEmpty })
        first.consumer.resume()
        try await first.handled.wait(atMost: .seconds(20))
        await second.consumer.close()
        await first.consumer.close()
        try await firstRun
        try await secondRun
    }

    @Test("a broker that goes and comes back is waited for")
    func brokerLoss() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 2])
        let producer = try broker.makeProducer { $0.reconnectSoon() }
        let member = Member(
            try broker.makeConsumer(["t"]) { $0.additional["reconnect.backoff.max.ms"] = "100" },
            handles: 20
        )
        async let run: Void = member.run()
        try await producer.send(contentsOf: (0..<10).map { ProducerRecord("t", "\($0)") })
        try await member.assigned.wait(atMost: .seconds(20))
        try await broker.setBroker(isUp: false)
        let late = try await producer.enqueue(ProducerRecord("t", "10"))
        try await broker.setBroker(isUp: true)
        _ = try await late.metadata()
        try await broker.fail(.fetch, with: [.notLeader, .disconnect])
        try await producer.send(contentsOf: (11..<20).map { ProducerRecord("t", "\($0)") })
        try await member.handled.wait(atMost: .seconds(30))
        await member.consumer.close()
        try await run
        #expect(Set(member.records.withLock { $0 }).count == 20)
    }

    @Test("closing ends in time while the broker is away")
    func closingWithoutBroker() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeProducer()
        let member = Member(
            try broker.makeConsumer(["t"]) {
                $0.commitInterval = .seconds(60)
                $0.drainTimeout = .seconds(1)
            },
            handles: 1
        )
        async let run: Void = member.run()
        try await producer.send(ProducerRecord("t", "x"))
        try await member.handled.wait(atMost: .seconds(20))
        try await broker.setBroker(isUp: false)
        let start = ContinuousClock.now
        await member.consumer.close()
        #expect(ContinuousClock.now - start < .seconds(8))
        try await run
    }

    @Test("a commit that fails is made again")
    func failedCommit() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeProducer()
        let member = Member(
            try broker.makeConsumer(["t"]) { $0.commitInterval = .milliseconds(50) },
            handles: 1
        )
        async let run: Void = member.run()
        try await member.assigned.wait(atMost: .seconds(20))
        try await broker.fail(.offsetCommit, with: [.groupNotAuthorized])
        try await producer.send(ProducerRecord("t", "x"))
        try await member.handled.wait(atMost: .seconds(20))
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        while try await admin.committedOffsets(ofGroup: "g", topic: "t") != [0: 1] { await Task.yield() }
        await member.consumer.close()
        try await run
    }

    // Asking for the next record completes the one before, and the loop asks when its commit is answered.
    @Test("a loop that commits after each record hands its partitions over at once when a member joins")
    func committingLoop() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 2])
        let producer = try broker.makeProducer()
        try await producer.send(contentsOf: (0..<20_000).map { ProducerRecord("t", "\($0)", partition: $0 % 2) })
        let lines = Lines()
        let begun = Requirement("20 records", count: 20)
        let consumer = try broker.makeConsumer(["t"], logger: lines.logger) {
            $0.commitInterval = .seconds(60)
            $0.drainTimeout = .seconds(60)
        }
        let loop = Task {
            for try await _ in consumer {
                begun.fulfill()
                // The embedded broker takes no commit while the group is rebalanced.
                do { try await consumer.commit() } catch let error as KafkaError where error.isRetriable {}
            }
        }
        try await begun.wait(atMost: .seconds(30))
        let second = Member(try broker.makeConsumer(["t"]), handles: 1)
        async let secondRun: Void = second.run()
        try await withDeadline(.seconds(30), "the group is together again") {
            try await poll { lines.all.count { $0.message.hasPrefix("Assigned: ") } == 2 }
        }
        #expect(lines.all.contains { $0.message.hasPrefix("Revoked: ") })
        #expect(!lines.all.contains { $0.message.hasPrefix("Lost: ") || $0.message.contains("still in work") })
        await second.consumer.close()
        try await secondRun
        await consumer.close()
        try await loop.value
    }

    @Test("the partitions that stay go on while another one's work is waited for")
    func staying() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 2])
        let producer = try broker.makeProducer()
        try await producer.send(contentsOf: (0..<100).map { ProducerRecord("t", "\($0)", partition: $0 % 2) })
        func makeConsumer(_ logger: KserLogger = .none) throws -> Consumer {
            try broker.makeConsumer(["t"], logger: logger) {
                $0.assignmentStrategy = [.cooperativeSticky]
                $0.commitInterval = .milliseconds(100)
                $0.drainTimeout = .seconds(60)
            }
        }
        let lines = Lines()
        let first = try makeConsumer(lines.logger)
        let gates = [Gate(), Gate()]
        let begun = Requirement("both partitions", count: 2)
        let loop = Task {
            try await withThrowingDiscardingTaskGroup { group in
                for try await partition in first.partitions {
                    group.addTask {
                        for try await record in partition {
                            if record.offset == 0 { begun.fulfill() }
                            await gates[Int(partition.partition)].pass()
                            partition.complete(record)
                        }
                    }
                }
            }
        }
        try await begun.wait(atMost: .seconds(30))
        let streams = first.assigned
        let second = Member(try makeConsumer(), handles: 49)
        async let secondRun: Void = second.run()
        try await poll { streams.contains(where: \.isEnded) }
        let staying = try #require(streams.first { !$0.isEnded })
        gates[Int(staying.partition)].open()
        // The embedded broker may begin the next rebalance meanwhile, and takes no commit then.
        try await withDeadline(.seconds(30), "the answer to a commit while the other partition is waited for") {
            try await poll { lines.all.contains { $0.message.contains("t[\(staying.partition)]@50") } }
        }
        gates[1 - Int(staying.partition)].open()
        try await second.handled.wait(atMost: .seconds(60))
        await second.consumer.close()
        await first.close()
        try await secondRun
        try await loop.value
    }

    @Test("a member that leaves commits again what the group refused because it is rebalanced")
    func refusedLastCommit() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await broker.makeProducer().send(ProducerRecord("t", "x"))
        let member = Member(try broker.makeConsumer(["t"]) { $0.commitInterval = .seconds(60) }, handles: 1)
        async let run: Void = member.run()
        try await member.handled.wait(atMost: .seconds(20))
        try await broker.fail(.offsetCommit, with: [.rebalanceInProgress, .rebalanceInProgress])
        await member.consumer.close()
        try await run
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        #expect(try await admin.committedOffsets(ofGroup: "g", topic: "t") == [0: 1])
    }

    @Test("a member that leaves a group in the middle of a rebalance commits when that is over")
    func leavingInRebalance() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 4])
        try await broker.makeProducer().send(
            contentsOf: (0..<400).map { ProducerRecord("t", "\($0)", partition: $0 % 4) }
        )
        func makeMember(handles count: Int, _ lines: Lines) throws -> Member {
            let consumer = try broker.makeConsumer(["t"], logger: lines.logger) {
                $0.assignmentStrategy = [.cooperativeSticky]
                $0.commitInterval = .seconds(60)
                $0.additional["debug"] = "cgrp"
            }
            return Member(consumer, handles: count)
        }
        let lines = Lines()
        let first = try makeMember(handles: 400, lines)
        async let firstRun: Void = first.run()
        try await first.handled.wait(atMost: .seconds(30))
        let second = try makeMember(handles: 1, Lines())
        async let secondRun: Void = second.run()
        // The group says so only when it has the other's request to join.
        let isTold: (LogRecord) -> Bool = { $0.message.contains("heartbeat error response") }
        try await poll { lines.all.contains(where: isTold) }
        await first.consumer.close()
        try await firstRun
        let messages = lines.all.drop { !isTold($0) }.map(\.message)
        let rejoined = try #require(messages.firstIndex { $0.contains("SyncGroup response") })
        let committed = try #require(messages.firstIndex { $0.hasPrefix("Committed: ") })
        #expect(rejoined < committed)
        // The embedded broker may begin another rebalance before partitions are given up, and takes no commit of them then;
        // those that stay are committed all the same.
        let givesUp = messages.drop { !$0.hasPrefix("Revoked: ") }.prefix { !$0.hasPrefix("Assigned: ") }
        let refused = givesUp.contains { $0.contains("REBALANCE_IN_PROGRESS") } ? givesUp.first ?? "" : ""
        let kept = (0..<4 as Range<Int32>).filter { !refused.contains("t[\($0)]") }
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        let offsets = try await admin.committedOffsets(ofGroup: "g", topic: "t")
        #expect(kept.count >= 2 && kept.allSatisfy { offsets[$0] == 100 }, "\(messages)")
        await second.consumer.close()
        try await secondRun
        #expect(second.records.withLock { $0.allSatisfy { !kept.contains((Int32($0) ?? 0) % 4) } })
    }
}
