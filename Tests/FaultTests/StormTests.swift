import Kser
import KserKafka
import TestSupport
import Testing

extension FaultTests {
    /// Groups that change under load.
    ///
    /// noida-db 0.2.3 refuses the commits of members that do not know of a change yet, which Kafka takes: what they did
    /// since their last commit is handled again. So a task may be handled twice only if its offset lies between the last
    /// commit that the broker took of its partition and one that it refused. A window of duplicates passes over those.
    struct StormTests {
        @Test(
            arguments: [
                [ConsumerConfiguration.AssignmentStrategy.range], [.cooperativeSticky],
            ],
            [false, true]
        )
        func membersComeAndGo(
            _ strategy: [ConsumerConfiguration.AssignmentStrategy],
            remembers: Bool
        ) async throws {
            let dice = Dice()
            let name =
                (strategy == [.cooperativeSticky] ? "cooperative" : "eager") + (remembers ? ", deduplication" : "")
            let (total, changes) = (Size.pick(3_000, full: 30_000), Size.pick(4, full: 20))
            print("rebalance storm, \(name): seed \(dice.seed)")
            let stage = try await Stage(partitions: 6)
            try await stage.send(0..<total)
            let journal = Journal()
            let log = CommitLog(of: stage.topic, journal)
            let controller = try await journal.controller { .milliseconds(dice.roll(0...4)) }
            var configuration = ConsumerConfiguration(bootstrapServers: stage.servers, groupID: stage.group)
            configuration.assignmentStrategy = strategy
            configuration.commitInterval = .milliseconds(100)
            configuration.heartbeatInterval = .milliseconds(200)
            configuration.sessionTimeout = .seconds(6)
            // noida-db may leave the join of a leader without an answer; librdkafka asks again 3 s after this.
            configuration.maxPollInterval = .seconds(6)
            let settings = configuration
            let options = WorkerOptions(deduplication: remembers ? .inMemory() : nil)
            func join() throws -> Member {
                try Member(settings, topic: stage.topic, controller: controller, options: options, logger: log.logger)
            }

            var members = [try join(), try join(), try join()]
            func handled(_ count: Int) async throws {
                do { try await journal.handled(count) } catch {
                    throw Stuck(cause: error, found: log.lines.suffix(60).joined(separator: "\n"))
                }
            }
            for moment in dice.moments(changes, of: total) {
                try await handled(moment)
                let leaver = dice.roll(0...2)
                try await members[leaver].leave()
                members[leaver] = try join()
            }
            try await handled(total)
            try await stage.allCommitted()
            for member in members { try await member.leave() }
            let pages = journal.pages.value
            #expect(pages.times.count == total, "nothing is lost")
            let open = log.open
            let unexplained = pages.times.filter { $0.value > 1 }.keys.filter { task in
                guard let place = pages.places[task] else { return true }
                return open[place.partition]?.contains(place.offset) != true
            }
            let details = unexplained.compactMap { pages.places[$0] }
            #expect(
                unexplained.isEmpty,
                "handled twice without a cause: \(details)\n\(log.lines.joined(separator: "\n"))"
            )
            let bound = open.values.reduce(0) { $0 + $1.count }
            let times = pages.times.values.max() ?? 0
            #expect(times <= 1 + log.refused, "each time but the first one had a cause of its own")
            if remembers { #expect(pages.twice <= log.lost, "only what a lost partition had in work") }
            #expect(pages.longestSilence < .seconds(15), "no partition with lag is idle")
            report(
                "storm, \(name)",
                "seed \(dice.seed)",
                "\(total) tasks",
                "\(changes) changes",
                "\(total - pages.times.count) lost",
                "\(pages.twice) handled again, bound \(bound) by \(log.refused) commits that the broker refused",
                "longest silence \(pages.longestSilence.shown)"
            )
        }
    }
}
