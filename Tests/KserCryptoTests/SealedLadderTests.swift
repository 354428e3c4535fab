import Kser
import KserTesting
import Testing

@testable import KserCrypto

/// Sealed messages on their way through retry topics, the dead-letter topic and back, and out of their topic.
@Suite(.timeLimit(.minutes(5))) struct SealedLadderTests {
    private let broker = InMemoryBroker()
    private let ring: SecretBoxKeyRing

    init() throws { ring = try SecretBoxKeyRing(current: "2025", .generate()) }

    @Test(arguments: [nil, TopicBinding()])
    func theyStayAsTheyAreByteForByte(_ binding: TopicBinding?) async throws {
        let codec = SecretBoxCodec(keys: ring, binding: binding)
        let producer = broker.makeProducer(codec: codec)
        let replied = Requirement("the reply of a dead letter", count: 1)
        let done = Requirement("success")
        let controller = Controller(
            codec: codec,
            hooks: ControllerHooks(
                onSuccess: { _, result in
                    done.fulfill()
                    return result
                }
            ),
            logger: .none
        )
        try await controller.register("step") { (_: JSONObject, execution) in
            if execution.record?.headers.contains(where: { $0.name == "kser_replays" }) == true { return }
            throw KserError.io("disk full")
        }
        let topics = RetryTopics([.milliseconds(1)], with: producer)
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["jobs"] + topics.names(for: "jobs"), group: "g"),
            controller: controller,
            options: WorkerOptions(
                replies: Replies(to: "results", with: Telling(producer: producer, expectation: replied)),
                deadLetters: DeadLetterTopic(with: producer),
                retries: RetryPolicy(inPlace: .none, topics: topics)
            )
        )
        let running = Task { try await worker.run() }
        defer { running.cancel() }
        try await producer.send(Message(uuid: "u", entrypoint: "step"), to: "jobs")
        try await replied.wait(atMost: .seconds(60))
        let letters = DeadLetters(in: broker, codec: codec)
        let letter = try #require(try await letters.list("jobs").first)
        #expect(letter.reason == .exhausted && letter.uuid == "u")
        #expect(try letter.message(codec: codec) == Message(uuid: "u", entrypoint: "step"))
        #expect(try await letters.replay("jobs", with: producer).replayed == 1)
        try await done.wait(atMost: .seconds(60))
        await worker.shutdown()
        try await running.value

        let first = try #require(broker.records(in: "jobs").first)
        for topic in ["jobs", "jobs-retry-1", "jobs-dlt"] {
            let record = try #require(broker.records(in: topic).last)
            #expect(record.value == first.value)
            #expect(record.headers.first == Record.Header("kser_key-id", text: "2025"))
        }
    }

    @Test func whatIsPutIntoAnotherTopicIsADeadLetterThere() async throws {
        let codec = SecretBoxCodec(keys: ring, binding: TopicBinding())
        let plain = broker.makeProducer()
        let sealed = try ProducerRecord(Message(uuid: "u", entrypoint: "step"), to: "jobs", codec: codec)
        var stolen = sealed
        stolen.topic = "orders"
        stolen.headers += [.init("kafka_original-topic", text: "jobs"), .init("kser_retry-rung", text: "1")]
        try await plain.send(stolen)
        let written = Requirement("a dead letter")
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["orders"], group: "g"),
            controller: Controller(codec: codec, logger: .none),
            options: WorkerOptions(
                deadLetters: DeadLetterTopic(with: Telling(producer: plain, expectation: written))
            )
        )
        let running = Task { try await worker.run() }
        defer { running.cancel() }
        try await written.wait(atMost: .seconds(60))
        await worker.shutdown()
        try await running.value
        let letters = try await DeadLetters(in: broker).list("orders")
        #expect(letters.map(\.reason) == [.wrongContext] && letters.map(\.record.value) == [sealed.value])

        // Its owner may have it there after all, by writing it anew.
        var letter = try #require(letters.first?.record)
        letter.topic = "jobs-dlt"
        try await plain.send(
            ProducerRecord(topic: letter.topic, value: letter.value, headers: letter.headers)
        )
        var options = ReplayOptions()
        options.reencodes = true
        options.topic = "orders"
        options.admitsAnyOrigin = true
        let report = try await DeadLetters(in: broker, codec: codec)
            .replay("jobs", with: broker.makeProducer(codec: codec), options: options)
        #expect(report.replayed == 1)
        let record = try #require(broker.records(in: "orders").last)
        #expect(try codec.decode(record.value ?? [], of: record).uuid == "u")
    }
}

/// Tells when something was sent.
struct Telling: MessageProducer {
    let producer: InMemoryProducer
    let expectation: Requirement
    var codec: any MessageCodec { producer.codec }
    var logger: KserLogger { producer.logger }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        defer { expectation.fulfill() }
        return try await producer.send(record)
    }
}
