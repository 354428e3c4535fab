import Foundation
import Kser
import KserKafka
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

    @Test("no file, when the loops of 20 are left")
    func files() async throws {
        let output = try await process("leave").success(within: .seconds(90))
        #expect(output.lines == ["left open: 0"])
    }

    private func process(_ argument: String) throws -> ChildProcess {
        try ChildProcess(Components.products.appending(path: "ConsumerProcess").path(), [argument])
    }
}
