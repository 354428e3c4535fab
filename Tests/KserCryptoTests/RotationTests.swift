import Kser
import KserTesting
import Synchronization
import Testing

@testable import KserCrypto

/// Keys that change while a worker runs; `InteropTests` does the same on a broker.
@Suite(.timeLimit(.minutes(5))) struct RotationTests {
    private let broker = InMemoryBroker()
    private let old: SecretBoxKey
    private let new: SecretBoxKey

    init() throws {
        old = try .generate()
        new = try .generate()
    }

    @Test(arguments: [nil, TopicBinding()])
    func nothingIsLostAndWhatIsLateBecomesADeadLetter(_ binding: TopicBinding?) async throws {
        let (writers, readers) = (try ring("old"), try ring("old"))
        let producer = broker.makeProducer(codec: SecretBoxCodec(keys: writers, binding: binding))
        let codec = SecretBoxCodec(keys: readers, binding: binding)
        let handled = (1...4).map { Requirement("tasks handled", count: $0 * 100) }
        let written = Requirement("a dead letter", count: 2)
        let run = Uuids()
        let controller = Controller(codec: codec, logger: .none)
        try await controller.register("e") { (_: JSONObject, execution) in
            run.all.withLock { $0.append(execution.uuid) }
            for expectation in handled { expectation.fulfill() }
        }
        let options = WorkerOptions(
            replies: Replies(to: "results", with: producer),
            deadLetters: DeadLetterTopic(with: Telling(producer: broker.makeProducer(), expectation: written))
        )
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            options: options
        )
        let running = Task { try await worker.run() }
        defer { running.cancel() }

        try await send(0..<100, producer)
        try await handled[0].wait(atMost: .seconds(60))
        try readers.add(new, id: "new")
        try await send(100..<200, producer)
        try writers.add(new, id: "new")
        try writers.use("new")
        try await send(200..<300, producer)
        try await handled[2].wait(atMost: .seconds(60))
        #expect(broker.records(in: "jobs-dlt").isEmpty)

        // The old key goes; two messages sealed with it come late, and one with the new key.
        try readers.use("new")
        try readers.remove("old")
        try writers.use("old")
        try await send(300..<302, producer)
        try writers.use("new")
        try await send(302..<400, producer)
        try await written.wait(atMost: .seconds(60))
        let letters = DeadLetters(in: broker, codec: codec)
        let late = try await letters.list("jobs")
        #expect(late.map(\.reason) == [.unknownKey, .unknownKey])
        #expect(late.map(\.uuid) == [nil, nil])
        let sent = broker.records(in: "jobs")[300..<302]
        #expect(late.map(\.record.value) == sent.map(\.value))
        let ids = late.map { $0.record.headers.first { $0.name == SecretBoxCodec.keyIDHeader } }
        #expect(ids == sent.map(\.headers.first))

        // An operator who still has the old key sends them back, sealed with the new one.
        var again = ReplayOptions()
        again.reencodes = true
        #expect(try await letters.replay("jobs", with: producer, options: again).unreadable == 2)
        let keeper = SecretBoxCodec(keys: writers, binding: binding)
        let report = try await DeadLetters(in: broker, codec: keeper).replay("jobs", with: producer, options: again)
        #expect(report.replayed == 2 && report.unreadable == 0)
        try await handled[3].wait(atMost: .seconds(60))
        await worker.shutdown()
        try await running.value

        #expect(run.all.withLock { $0.sorted() } == (0..<400).map { "u\($0)" }.sorted())
        #expect(broker.records(in: "jobs-dlt").count == 2)
        let back = broker.records(in: "jobs").suffix(2)
        #expect(try back.map { try keeper.keyID(of: $0.value ?? []) } == ["new", "new"])
        #expect(back.map { $0.headers.last?.value } == [Array("new".utf8), Array("new".utf8)])
    }

    private func ring(_ id: String) throws -> SecretBoxKeyRing { try SecretBoxKeyRing(current: id, old) }

    private func send(_ numbers: Range<Int>, _ producer: InMemoryProducer) async throws {
        try await producer.send(contentsOf: numbers.map { Message(uuid: "u\($0)", entrypoint: "e") }, to: "jobs")
    }
}

private final class Uuids: Sendable { let all = Mutex<[String]>([]) }
