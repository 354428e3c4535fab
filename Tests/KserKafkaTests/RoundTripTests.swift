import Kser
import KserKafka
import KserTesting
import Testing

@Suite("Producer and consumer, there and back", .timeLimit(.minutes(3)))
struct RoundTripTests {
    @Test("keys, values, headers, timestamps and tombstones arrive as they were sent")
    func everything() async throws {
        let broker = try EmbeddedBroker(topics: ["all": 1])
        let producer = try broker.makeProducer()
        let sent = [
            ProducerRecord(topic: "all", key: [1, 2], value: [3], timestamp: 1_700_000_000_000),
            ProducerRecord(topic: "all", key: [1, 2], value: nil),
            ProducerRecord(topic: "all", key: [], value: []),
            ProducerRecord(
                topic: "all",
                value: Array("é".utf8),
                headers: [Record.Header("a", text: "1"), Record.Header("a", nil), Record.Header("empty", [])]
            ),
        ]
        let metadata = try await producer.send(contentsOf: sent)
        #expect(metadata.map(\.offset) == [0, 1, 2, 3])
        #expect(metadata.map(\.topic) == Array(repeating: "all", count: 4))
        var received: [Record] = []
        for try await record in try broker.makeConsumer(["all"]) {
            received.append(record)
            if received.count == sent.count { break }
        }
        #expect(received.map(\.key) == sent.map(\.key))
        #expect(received.map(\.value) == sent.map(\.value))
        #expect(received.map(\.headers) == sent.map(\.headers))
        #expect(received[0].timestamp == 1_700_000_000_000)
        #expect((received[1].timestamp ?? 0) > 1_700_000_000_000)
        #expect(received.map(\.offset) == [0, 1, 2, 3])
        await producer.close()
    }

    @Test("partitions are consumed side by side, each in order, and what is completed is committed")
    func partitions() async throws {
        let broker = try EmbeddedBroker(topics: ["dice": 3])
        let producer = try broker.makeProducer()
        let records = (0..<300).map { ProducerRecord("dice", "\($0)", partition: Int32($0 % 3)) }
        try await producer.send(contentsOf: records)
        let consumer = try broker.makeConsumer(["dice"])
        let handled = Requirement("300 records", count: 300)
        async let seen = Self.texts(of: consumer, handled)
        try await handled.wait(atMost: .seconds(20))
        try await consumer.commit()
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        #expect(try await admin.committedOffsets(ofGroup: "g", topic: "dice") == [0: 100, 1: 100, 2: 100])
        #expect(try await admin.lag(ofGroup: "g", topic: "dice") == [0: 0, 1: 0, 2: 0])
        await consumer.close()
        let all = try await seen
        for texts in all {
            let numbers = texts.compactMap { Int($0) }
            #expect(numbers.count == 100 && numbers == numbers.sorted())
        }
    }

    private static func texts(of consumer: Consumer, _ handled: Requirement) async throws -> [[String]] {
        try await withThrowingTaskGroup(of: [String].self) { group in
            for try await partition in consumer.partitions {
                group.addTask {
                    var texts: [String] = []
                    for try await record in partition {
                        texts.append(record.text)
                        partition.complete(record)
                        handled.fulfill()
                    }
                    return texts
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
