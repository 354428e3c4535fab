import Kser
import KserKafka
import TestSupport
import Testing

extension FaultTests {
    /// Workers with transactions.
    ///
    /// The readers begin at the first record and take all in one fetch: to a fetch from behind an aborted transaction
    /// noida-db 0.2.3 still tells of that one, and so every client skips what the same transactional id committed later.
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
