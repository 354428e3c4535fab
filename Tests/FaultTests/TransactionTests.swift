import Kser
import KserKafka
import TestSupport
import Testing

extension FaultTests {
    /// Workers with transactions.
    ///
    /// The readers begin at the first record and take all in one fetch: to a fetch from behind an aborted transaction
    /// noida-db 0.2.3 still tells of that one, and so every client skips what the same transactional id committed
    /// later.
    struct TransactionTests {
        @Test(arguments: ["partition", "key=8"])
        func killedWorkersCommitEachResultOnce(_ concurrency: String) async throws {
            let dice = Dice()
            let (total, kills) = (Size.pick(1_000, full: 10_000), 5)
            print("transactions, \(concurrency): seed \(dice.seed)")
            let stage = try await Stage(partitions: 6)
            try await stage.send(0..<total)
            // Slow enough that a worker has committed something before it is killed.
            let longest = Size.pick(100, full: 40)
            let fleet = Fleet(stage, ["milliseconds=\(longest)", "session=10000", concurrency])
            let names = ["a", "b"]
            var workers: [Int] = []
            for name in names { workers.append(try await fleet.start(name, ["transactions=tx-\(name)"])) }
            for moment in dice.moments(kills, of: total) {
                try await fleet.handled(moment)
                try await Task.sleep(for: .milliseconds(dice.roll(0...50)))
                let victim = dice.roll(0...1)
                try await fleet.kill(workers[victim])
                workers[victim] = try await fleet.start(names[victim], ["transactions=tx-\(names[victim])"])
            }
            try await fleet.handled(total)
            do {
                try await stage.allCommitted(within: .seconds(60))
            } catch {
                throw Stuck(cause: error, found: fleet.logs)
            }
            for worker in workers { try await fleet.terminate(worker) }
            let results = try await stage.committed("results")
            #expect(results.count == total && results.values.allSatisfy { $0 == 1 })
            let next = try await stage.committed("next")
            #expect(next.count == total && next.values.allSatisfy { $0 == 1 })
            let written = try await stage.admin.offsets(ofTopic: "results", partition: 0).count
            report(
                "transactions, \(concurrency)",
                "seed \(dice.seed)",
                "\(total) tasks",
                "\(kills) kills",
                "\(fleet.tally.value.twice) handled again",
                "\(results.count) results, \(results.values.reduce(0) { $0 + $1 - 1 }) twice",
                "\(written) offsets in their partition"
            )
        }

        /// The drain deadline is too short for the handlers: each change leaves some in work, whose results come too
        /// late.
        @Test(arguments: [[ConsumerConfiguration.AssignmentStrategy.range], [.cooperativeSticky]])
        func membersThatComeAndGoCommitEachResultOnce(
            _ strategy: [ConsumerConfiguration.AssignmentStrategy]
        ) async throws {
            let dice = Dice()
            let name = strategy == [.cooperativeSticky] ? "cooperative" : "eager"
            let (total, changes) = (Size.pick(1_000, full: 10_000), Size.pick(3, full: 10))
            print("transactions in a storm, \(name): seed \(dice.seed)")
            let stage = try await Stage(partitions: 6)
            try await stage.send(0..<total)
            let (journal, log) = (Journal(), Lines())
            let controller = try await journal.controller { .milliseconds(dice.roll(0...80)) }
            func join(_ number: Int) throws -> TransactionalMember {
                try TransactionalMember("tx-\(number)", stage, controller, log.logger) {
                    $0.assignmentStrategy = strategy
                    $0.drainTimeout = .milliseconds(dice.roll(1...40))
                }
            }

            var members = [try join(0), try join(1)]
            do {
                for moment in dice.moments(changes, of: total) {
                    try await journal.handled(moment)
                    // A group that both leave while it takes one in does not always come to rest on noida-db.
                    try await PythonPeer.members(2, of: stage.group, on: stage.servers)
                    let leaver = dice.roll(0...1)
                    try await members[leaver].leave()
                    members[leaver] = try join(leaver)
                }
                try await journal.handled(total)
                try await stage.allCommitted(within: .seconds(60))
            } catch {
                throw Stuck(cause: error, found: log.lines.value.suffix(100).joined(separator: "\n"))
            }
            for member in members { try await member.leave() }
            let results = try await stage.committed("results")
            #expect(results.count == total && results.values.allSatisfy { $0 == 1 })
            report(
                "transactions in a storm, \(name)",
                "seed \(dice.seed)",
                "\(total) tasks",
                "\(changes) changes",
                "\(journal.pages.value.twice) handled again",
                "\(results.count) results, \(results.values.reduce(0) { $0 + $1 - 1 }) twice"
            )
        }

        @Test func aWorkerThatIsShutOutEndsAndSaysSo() async throws {
            let stage = try await Stage(partitions: 1)
            let journal = Journal()
            let controller = try await journal.controller { .zero }
            let first = try TransactionalMember("same", stage, controller)
            try await stage.send(0..<10)
            try await stage.allCommitted()
            let second = try TransactionalProducer(ProducerConfiguration(bootstrapServers: stage.servers), id: "same")
            try await second.prepare()
            try await stage.send(10..<20)
            let error = await #expect(throws: KafkaError.self) {
                try await withDeadline(.seconds(60), "the worker's end") { try await first.member.running.value }
            }
            #expect(error?.code == .fenced)
            #expect(error?.message.contains("transactional id") == true)
            await second.close()
            await first.producer.close()
            #expect(try await stage.committed("results").count == 10)
            #expect(try await stage.admin.committedOffsets(ofGroup: stage.group, topic: stage.topic)[0] == 10)
        }
    }
}

/// A worker of this process with transactions, which answers in `results`.
private struct TransactionalMember: Sendable {
    let member: Member
    let producer: TransactionalProducer

    init(
        _ id: String,
        _ stage: Stage,
        _ controller: Controller,
        _ logger: KserLogger = .none,
        _ change: (inout ConsumerConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = ConsumerConfiguration(bootstrapServers: stage.servers, groupID: stage.group)
        configuration.heartbeatInterval = .milliseconds(200)
        configuration.sessionTimeout = .seconds(6)
        configuration.drainTimeout = .seconds(3)
        change(&configuration)
        producer = try TransactionalProducer(
            ProducerConfiguration(bootstrapServers: stage.servers),
            id: id,
            logger: logger
        )
        let options = WorkerOptions(
            replies: Replies(to: "results", with: producer),
            transactions: Transactions(with: producer, maxDelay: .milliseconds(20))
        )
        member = try Member(
            configuration,
            topic: stage.topic,
            controller: controller,
            options: options,
            logger: logger
        )
    }

    func leave() async throws {
        try await member.leave()
        await producer.close()
    }
}

extension Stage {
    /// How often each key is in a topic, for a reader that reads what is committed.
    fileprivate func committed(_ topic: String) async throws -> [String: Int] {
        var configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: "readers")
        configuration.fetchMaxBytesPerPartition = 40 << 20
        let reader = try KafkaTopicReader(configuration)
        var times: [String: Int] = [:]
        for (partition, offsets) in try await reader.offsets(of: topic) {
            try await reader.read(topic, partition: partition, offsets: offsets) { record in
                times[String(decoding: record.key ?? [], as: UTF8.self), default: 0] += 1
                return true
            }
        }
        return times
    }
}
