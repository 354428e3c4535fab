import Kser
import KserKafka
import TestSupport
import Testing

extension FaultTests {
    /// Worker processes that are killed, and others that are asked to end.
    ///
    /// The workers are static members of their group, as a service that restarts them should make them: a restart moves no
    /// partition. noida-db 0.2.3 counts a group's generation up the moment a member joins or leaves, and from then on
    /// refuses the commits of all members that do not know yet (Kafka takes them until the rebalance is complete), so
    /// with other members it has tasks handled twice by workers that nobody touched. `StormTests` has such members.
    struct KillTests {
        @Test(arguments: ["partition", "key=64"])
        func killedWorkersLoseNothing(_ concurrency: String) async throws {
            let dice = Dice()
            let (total, kills) = (Size.pick(2_000, full: 20_000), Size.pick(3, full: 10))
            print("kill test, \(concurrency): seed \(dice.seed)")
            let stage = try await Stage(partitions: 6)
            try await stage.send(0..<total)
            let fleet = Fleet(stage, ["milliseconds=4", "session=10000", concurrency])
            var workers = [try await fleet.start("a"), try await fleet.start("b")]
            var bound = 0
            for moment in dice.moments(kills, of: total) {
                try await fleet.handled(moment)
                try await Task.sleep(for: .milliseconds(dice.roll(0...50)))
                let victim = dice.roll(0...1)
                try await fleet.kill(workers[victim])
                bound += try await uncommitted(by: workers[victim], of: fleet, stage)
                workers[victim] = try await fleet.start(["a", "b"][victim])
            }
            try await fleet.handled(total)
            // What a killed worker handled and did not commit is handled again first.
            try await stage.allCommitted()
            for worker in workers { try await fleet.terminate(worker) }
            let tally = fleet.tally.value
            #expect(tally.times.count == total, "every task is handled")
            #expect(tally.twice <= bound)
            #expect(try await stage.deadLetters() == 0)
            report(
                "kill, \(concurrency)",
                "seed \(dice.seed)",
                "\(total) tasks",
                "\(kills) kills",
                "\(total - tally.times.count) lost",
                "\(tally.twice) handled again, bound \(bound)"
            )
        }

        /// The tasks that a process handled after the last commit that the broker has of their partitions. What was in
        /// flight in its handlers when it died was not handled, by its own account.
        private func uncommitted(by worker: Int, of fleet: Fleet, _ stage: Stage) async throws -> Int {
            let committed = try await stage.admin.committedOffsets(ofGroup: stage.group, topic: stage.topic)
            let handlings = fleet.tally.value.handlings[worker] ?? []
            return handlings.count { $0.offset >= committed[$0.partition] ?? 0 }
        }

        @Test(arguments: ["partition", "key=64"])
        func terminatedWorkersHandleEachTaskOnce(_ concurrency: String) async throws {
            let dice = Dice()
            let (total, ends) = (Size.pick(2_000, full: 20_000), Size.pick(3, full: 10))
            print("graceful test, \(concurrency): seed \(dice.seed)")
            let stage = try await Stage(partitions: 6)
            try await stage.send(0..<total)
            let fleet = Fleet(stage, ["milliseconds=4", "session=10000", concurrency])
            var workers = [try await fleet.start("a"), try await fleet.start("b")]
            for moment in dice.moments(ends, of: total) {
                try await fleet.handled(moment)
                try await Task.sleep(for: .milliseconds(dice.roll(0...50)))
                let leaver = dice.roll(0...1)
                try await fleet.terminate(workers[leaver])
                workers[leaver] = try await fleet.start(["a", "b"][leaver])
            }
            try await fleet.handled(total)
            try await stage.allCommitted()
            for worker in workers { try await fleet.terminate(worker) }
            let tally = fleet.tally.value
            #expect(tally.times.count == total, "every task is handled")
            #expect(tally.twice == 0, "and once\n\(fleet.logs)")
            #expect(try await stage.deadLetters() == 0)
            report(
                "graceful, \(concurrency)",
                "seed \(dice.seed)",
                "\(total) tasks",
                "\(ends) ends",
                "\(tally.twice) handled again"
            )
        }

        /// A message whose handler ends the process, with a limit, and others with other keys behind it.
        @Test func aMessageThatEndsTheProcessIsGivenUp() async throws {
            let directory = try TemporaryDirectory("crashes")
            let stage = try await Stage(partitions: 1)
            let producer = try Producer(ProducerConfiguration(bootstrapServers: stage.servers))
            try await producer.send(ProducerRecord.task(0, keys: 100, to: stage.topic))
            let params: JSONObject = ["after": .array((2...6).map { .string("t\($0)") })]
            try await producer.send(
                Message(uuid: "trap", entrypoint: "fault.Trap", params: params),
                to: stage.topic,
                key: Array("trap".utf8)
            )
            await producer.close()
            try await stage.send(2..<7)
            let fleet = Fleet(stage, ["session=10000", "key=16", "crashes=\(directory.path)"])
            for _ in 0..<3 { try await fleet.crash(try await fleet.start("a")) }
            let last = try await fleet.start("a")
            try await fleet.handled(6)
            try await stage.allCommitted()
            try await fleet.terminate(last)
            let letters = try await DeadLetters(in: try KafkaTopicReader(bootstrapServers: stage.servers)).list(
                stage.topic
            )
            #expect(letters.map(\.uuid) == ["trap"] && letters.map(\.reason) == [.crashed])
            #expect(letters.first?.originalOffset == 1)
            let tally = fleet.tally.value
            #expect(tally.times.count == 6 && tally.twice == 0, "the others are handled once\n\(fleet.logs)")
            report(
                "crash",
                "6 tasks",
                "3 ends of the process",
                "\(letters.count) dead letter",
                "\(tally.twice) handled again"
            )
        }
    }
}
