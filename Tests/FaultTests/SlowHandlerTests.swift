import Kser
import KserKafka
import TestSupport
import Testing

extension FaultTests {
    /// Handlers that take longer than the group waits for a sign of life.
    struct SlowHandlerTests {
        @Test func aSlowHandlerKeepsItsMembership() async throws {
            let broker = try EmbeddedBroker(topics: ["jobs": 2])
            let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
            for number in 0..<2 {
                var task = try ProducerRecord.task(number, keys: 2, to: "jobs")
                task.partition = Int32(number)
                try await producer.send(task)
            }
            var configuration = ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: "workers")
            configuration.sessionTimeout = .seconds(4)
            configuration.maxPollInterval = .seconds(4)
            configuration.commitInterval = .milliseconds(100)
            let pause = Size.pick(Duration.seconds(9), full: .seconds(20))
            let (journal, log) = (Journal(), Lines())
            let member = try Member(
                configuration,
                topic: "jobs",
                controller: try await journal.controller { pause },
                logger: log.logger
            )
            try await journal.handled(2, within: pause + .seconds(30))
            let admin = try Admin(bootstrapServers: broker.bootstrapServers)
            try await FaultTests.allCommitted(admin, group: "workers", topic: "jobs", within: .seconds(10))
            let lines = log.lines.value
            #expect(lines.count { $0.hasPrefix("Assigned") } == 1, "\(lines)")
            #expect(!lines.contains { $0.hasPrefix("Revoked") || $0.hasPrefix("Lost") }, "\(lines)")
            try await member.leave()
            await producer.close()
            #expect(journal.pages.value.twice == 0)
            report(
                "slow handlers",
                "\(pause.shown) each, max.poll.interval 4 s",
                "\(journal.pages.value.twice) handled again"
            )
        }
    }
}
