import Kser
import KserKafka
import TestSupport
import Testing

extension FaultTests {
    /// Groups that change under load.
    ///
    /// noida-db 0.2.3 refuses the commits of members that do not know of a change yet, which Kafka takes: what they did
    /// since their last commit is handled again. So a task may be handled twice only after such a refusal.
    struct StormTests {
        @Test(
            arguments: [
                [ConsumerConfiguration.AssignmentStrategy.range], [.cooperativeSticky],
            ]
        )
        func membersComeAndGo(_ strategy: [ConsumerConfiguration.AssignmentStrategy]) async throws {
            let dice = Dice()
            let name = strategy == [.cooperativeSticky] ? "cooperative" : "eager"
            let (total, changes) = (Size.pick(3_000, full: 30_000), Size.pick(4, full: 20))
            print("rebalance storm, \(name): seed \(dice.seed)")
            let stage = try await Stage(partitions: 6)
            try await stage.send(0..<total)
            let (journal, log) = (Journal(), Lines())
            let controller = try await journal.controller { .milliseconds(dice.roll(0...4)) }
            var configuration = ConsumerConfiguration(bootstrapServers: stage.servers, groupID: stage.group)
            configuration.assignmentStrategy = strategy
            configuration.commitInterval = .milliseconds(100)
            configuration.heartbeatInterval = .milliseconds(200)
            configuration.sessionTimeout = .seconds(6)
            let settings = configuration
            func join() throws -> Member {
                try Member(settings, topic: stage.topic, controller: controller, logger: log.logger)
            }

            var members = [try join(), try join(), try join()]
            for moment in dice.moments(changes, of: total) {
                try await journal.handled(moment)
                let leaver = dice.roll(0...2)
                try await members[leaver].leave()
                members[leaver] = try join()
            }
            try await journal.handled(total)
            try await stage.allCommitted()
            for member in members { try await member.leave() }
            let pages = journal.pages.value
            #expect(pages.times.count == total, "nothing is lost")
            let refused = log.lines.value.count { $0.contains("ILLEGAL_GENERATION") || $0.hasPrefix("Lost") }
            #expect(pages.twice == 0 || refused > 0, "nothing is handled twice without a cause")
            #expect(pages.longestSilence < .seconds(10), "no partition with lag is idle")
            report(
                "storm, \(name)",
                "seed \(dice.seed)",
                "\(total) tasks",
                "\(changes) changes",
                "\(total - pages.times.count) lost",
                "\(pages.twice) handled again after \(refused) refusals by the broker",
                "longest silence \(pages.longestSilence.shown)"
            )
        }
    }
}
