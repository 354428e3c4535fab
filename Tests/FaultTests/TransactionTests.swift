import Kser
import KserKafka
import TestSupport
import Testing

extension FaultTests {
    /// Workers with transactions.
    struct TransactionTests {
        @Test(arguments: ["partition", "key=64"])
        func killedWorkersCommitEachResultOnce(_ concurrency: String) async throws {
            let dice = Dice()
            let (total, kills) = (Size.pick(1_000, full: 10_000), 5)
            print("transactions, \(concurrency): seed \(dice.seed)")
            let stage = try await Stage(partitions: 6)
            try await stage.send(0..<total)
            let reader = try CommittedReader(stage.servers)
            defer { reader.stop() }
            let fleet = Fleet(stage, ["milliseconds=4", "session=10000", concurrency])
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
                try await reader.read(total, within: .seconds(60))
                try await stage.allCommitted()
            } catch {
                throw Stuck(cause: error, found: "\(reader.times.value.count) results\n\(fleet.logs)")
            }
            for worker in workers { try await fleet.terminate(worker) }

            // The reader that was there all the time, and one that comes afterwards.
            #expect(reader.times.value.count == total && reader.times.value.values.allSatisfy { $0 == 1 })
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

/// A reader of `results` that reads what is committed, all the time.
private final class CommittedReader: Sendable {
    /// How often each result was read.
    let times = Watched<[String: Int]>([:])
    private let reading: Task<Void, any Error>

    init(_ servers: String) throws {
        let consumer = try Consumer(
            ConsumerConfiguration(bootstrapServers: servers, groupID: "readers"),
            topics: ["results"]
        )
        let times = times
        reading = Task {
            for try await record in consumer {
                times.update { $0[String(decoding: record.key ?? [], as: UTF8.self), default: 0] += 1 }
            }
        }
    }

    func read(_ count: Int, within duration: Duration) async throws {
        let times = times
        try await withDeadline(duration, "\(count) results read") {
            try await times.wait { $0.count >= count ? () : nil }
        }
    }

    func stop() { reading.cancel() }
}

extension Stage {
    /// How often each key is in a topic, for a reader that reads what is committed.
    fileprivate func committed(_ topic: String) async throws -> [String: Int] {
        let reader = try KafkaTopicReader(bootstrapServers: servers)
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
