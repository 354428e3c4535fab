import Foundation
import Kser
import KserKafka
import KserTesting
import TestSupport
import Testing

@Suite("What is left of a consumer", .timeLimit(.minutes(3)))
struct ConsumerEndTests {
    /// What goes away when its consumer does.
    private final class Remains {
        weak var core: (any PartitionOwner)?
        weak var stream: PartitionStream?

        var areGone: Bool { core == nil && stream == nil }
    }

    @Test("nothing, when a loop is left with records unread", arguments: [false, true])
    func leaving(closes: Bool) async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeProducer()
        try await producer.send(contentsOf: (0..<1_000).map { ProducerRecord("t", "\($0)") })
        let remains = Remains()
        func leave() async throws {
            let consumer = try broker.makeConsumer(["t"])
            for try await _ in consumer {
                remains.stream = consumer.assigned.first
                remains.core = remains.stream?.owner
                break
            }
            #expect(!remains.areGone)
            if closes { await consumer.close() }
        }
        try await leave()
        for _ in 0..<1_000 where !remains.areGone { try await Task.sleep(for: .milliseconds(20)) }
        #expect(remains.areGone)
    }

    @Test("nothing, when the answer to its last commit comes while it leaves")
    func lateAnswer() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        try await broker.makeProducer().send(ProducerRecord("t", "x"))
        try await leavesNothing { lines in
            let consumer = try broker.makeConsumer(["t"], logger: lines.logger) {
                $0.commitInterval = .seconds(60)
                $0.drainTimeout = .seconds(1)
            }
            let completed = Requirement("a completed record")
            let loop = Task {
                for try await partition in consumer.partitions {
                    for try await record in partition {
                        partition.complete(record)
                        completed.fulfill()
                    }
                }
            }
            try await completed.wait(atMost: .seconds(30))
            try await broker.setRoundTripTime(.seconds(5))
            await consumer.close()
            try await loop.value
            #expect(lines.all.contains { $0.message.hasPrefix("No answer to a commit") })
        }
    }

    @Test("no file, when the loops of 20 are left")
    func files() async throws {
        let output = try await process("leave").success(within: .seconds(90))
        #expect(output.lines == ["left open: 0"])
    }

    // librdkafka before 2.3 aborts the process when it destroys a member that waits for its first assignment.
    @Test("no file, when a member of a cooperative group closes between its joining and its assignment")
    func joining() async throws {
        let output = try await process("join").success(within: .seconds(90))
        #expect(output.lines == ["left open: 0"])
    }

    @Test("its client, where it cannot be destroyed because the assignment does not come")
    func joiningInVain() async throws {
        let output = try await process("join-in-vain").success(within: .seconds(90))
        let isKept = output.lines.first != "left open: 0"
        #expect(isKept == output.text.contains("kept"), "what is kept is told: \(output)")
    }

    private func process(_ argument: String) throws -> ChildProcess {
        try ChildProcess(Components.products.appending(path: "ConsumerProcess").path(), [argument])
    }
}
