import Kser
import KserKafka
import TestSupport
import Testing

extension FaultTests {
    /// Workers that are paused for longer than the group waits for a sign of life, while the group changes.
    struct PauseTests {
        @Test func aPausedWorkerKeepsItsMembershipAndLosesNothing() async throws {
            let total = Size.pick(12_000, full: 60_000)
            let pause = Size.pick(Duration.seconds(7), full: .seconds(20))
            let stage = try await Stage(partitions: 4)
            try await stage.send(0..<total)
            let (journal, log) = (Journal(), Lines())
            let controller = try await journal.controller { .milliseconds(1) }
            var configuration = ConsumerConfiguration(bootstrapServers: stage.servers, groupID: stage.group)
            configuration.maxPollInterval = .seconds(6)
            configuration.sessionTimeout = .seconds(6)
            configuration.heartbeatInterval = .milliseconds(200)
            configuration.commitInterval = .milliseconds(100)
            let settings = configuration
            let paused = try Member(settings, topic: stage.topic, controller: controller, logger: log.logger)
            try await journal.handled(500)
            paused.worker.pause()
            // What was in flight is done and committed; the rest, more than the buffers hold, waits.
            try await withDeadline(.seconds(30), "the commit of what is handled") {
                try await stage.lags { Int($0.values.reduce(0, +)) == total - journal.pages.value.times.count }
            }
            let handled = journal.pages.value.times.count
            #expect(handled < total)
            try await Task.sleep(for: pause)
            #expect(journal.pages.value.times.count == handled)
            #expect(!log.lines.value.contains { $0.hasPrefix("Revoked") || $0.hasPrefix("Lost") }, "\(log.lines.value)")

            // Another member takes two partitions over, whose records are not paused there.
            let other = try Member(settings, topic: stage.topic, controller: controller)
            try await journal.handled(handled + 1)
            let pages = journal.pages
            try await withDeadline(.seconds(60), "all of two partitions") {
                try await stage.lags { $0.values.count { $0 == 0 } == 2 }
            }
            #expect(pages.value.times.count < total)
            paused.worker.resume()
            try await journal.handled(total)
            try await stage.allCommitted()
            try await other.leave()
            try await paused.leave()
            #expect(journal.pages.value.times.count == total)
            #expect(journal.pages.value.twice == 0)
            report(
                "pause",
                "\(total) tasks",
                "paused for \(pause.shown), max.poll.interval 6 s",
                "\(total - journal.pages.value.times.count) lost",
                "\(journal.pages.value.twice) handled again"
            )
        }
    }
}
