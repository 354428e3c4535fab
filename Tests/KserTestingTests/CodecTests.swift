import Kser
import KserTesting
import Testing

/// What a codec may do beyond turning messages into bytes.
@Suite(.timeLimit(.minutes(1))) struct CodecTests {
    private let bench = RetryBench()

    @Test func twoFunctionsMakeACodec() async throws {
        struct Backwards: MessageCodec {
            func encode(_ message: Message) throws -> [UInt8] { try JSONMessageCodec().encode(message).reversed() }
            func decode(_ bytes: [UInt8]) throws -> Message { try JSONMessageCodec().decode(bytes.reversed()) }
        }
        let codec = Backwards()
        let message = Message(uuid: "u", entrypoint: "step")
        try await bench.broker.makeProducer(codec: codec).send(message, to: "jobs", headers: [.init("a", text: "b")])
        let record = try #require(bench.broker.records(in: "jobs").first)
        #expect(record.value?.last == UInt8(ascii: "{"))
        #expect(record.headers == [.init("a", text: "b")])
        #expect(await Controller(codec: codec, logger: .none).dispatch(record).message == message)
        let dispatch = await Controller(logger: .none).dispatch(record)
        #expect(dispatch.refusal == .undecodable && codec.refusal(of: KserError.internal()) == .undecodable)
        #expect(DeadLetter(record, codec: codec).uuid == "u")
    }

    @Test func theTopicAndTheHeadersReachTheCodecOnEveryWay() async throws {
        let producer = bench.broker.makeProducer(codec: Stamping())
        let controller = Controller(codec: Stamping(), logger: .none)
        try await controller.register("step") { (_: JSONObject, _) in }
        let sent = Message(uuid: "u", entrypoint: "step")
        try await producer.send(sent, to: "jobs", key: [1], headers: [.init("stamp", text: "stale")])
        try await producer.send(contentsOf: [sent], to: "jobs")
        #expect(await producer.report(sent, to: "jobs").retcode == 0)

        let replied = Requirement("replies", count: 3)
        let options = WorkerOptions(replies: Replies(to: "results", with: Counting(to: producer, replied)))
        try await bench.withWorker(options: options, controller: controller) { try await replied.wait() }
        let replies = bench.broker.records(in: "results")
        for (topic, records) in [("results", replies), ("jobs", bench.broker.records(in: "jobs"))] {
            #expect(records.map(\.headers) == Array(repeating: [.init("stamp", text: topic)], count: 3))
        }
        for reply in replies { #expect(try Stamping().decode(reply.value ?? [], of: reply).result.retcode == 0) }
    }

    @Test func aCodecNamesTheReasonAndItsHeadersStay() async throws {
        let controller = Controller(codec: Stamping(), logger: .none)
        let written = Requirement("letters", count: 2)
        let letters = Counting(to: bench.broker.makeProducer(), written)
        let record = ProducerRecord(topic: "jobs", value: Array("{}".utf8), headers: [.init("stamp", text: "orders")])
        try await bench.broker.makeProducer().send(record)
        try await bench.broker.makeProducer().send(ProducerRecord(topic: "jobs", value: nil))
        let options = WorkerOptions(deadLetters: DeadLetterTopic(with: letters))
        try await bench.withWorker(options: options, controller: controller) { try await written.wait() }
        let found = try await DeadLetters(in: bench.broker).list("jobs")
        #expect(found.map(\.reason) == [DeadLetterReason(rawValue: "misrouted"), .undecodable])
        #expect(found[0].record.text("stamp") == "orders" && found[0].record.value == record.value)
    }

    @Test func replaysAreWrittenAnewWhenAsked() async throws {
        let plain = bench.broker.makeProducer()
        let reason = Record.Header("kser_dlt-reason", text: "misrouted")
        let origin = Record.Header("kafka_dlt-original-topic", text: "jobs")
        let value = try JSONMessageCodec().encode(Message(uuid: "u", entrypoint: "step"))
        for (stamp, value) in [("jobs-dlt", value), ("elsewhere", value), ("jobs-dlt", [])] {
            let headers = [Record.Header("stamp", text: stamp), Record.Header("a", text: "b"), reason, origin]
            try await plain.send(ProducerRecord(topic: "jobs-dlt", key: [7], value: value, headers: headers))
        }
        let letters = DeadLetters(in: bench.broker, codec: Stamping())
        var options = ReplayOptions()
        options.reencodes = true
        options.isDryRun = true
        let producer = bench.broker.makeProducer(codec: Stamping())
        let planned = try await letters.replay("jobs", with: producer, options: options)
        options.isDryRun = false
        let report = try await letters.replay("jobs", with: producer, options: options)
        #expect(report == planned)
        #expect(report.replayed == 1 && report.unreadable == 2 && report.ends == [0: 3])
        let sent = bench.broker.records(in: "jobs")
        #expect(sent.map(\.key) == [[7]] && sent.map(\.value) == [value])
        #expect(
            sent.first?.headers
                == [.init("a", text: "b"), .init("kser_replays", text: "1"), .init("stamp", text: "jobs")]
        )
    }
}

/// Stamps each message with its topic, and reads it from there alone.
private struct Stamping: MessageCodec {
    struct Misrouted: Error {}

    func encode(_ message: Message) throws -> [UInt8] { throw KserError.internal("without a topic") }
    func decode(_ bytes: [UInt8]) throws -> Message { throw KserError.internal("without a record") }

    func encode(_ message: Message, for topic: String) throws -> EncodedMessage {
        EncodedMessage(try JSONMessageCodec().encode(message), headers: [.init("stamp", text: topic)])
    }

    func decode(_ bytes: [UInt8], of record: Record) throws -> Message {
        if record.text("stamp") != record.topic { throw Misrouted() }
        return try JSONMessageCodec().decode(bytes)
    }

    func refusal(of error: any Error) -> Dispatch.Refusal {
        error is Misrouted ? Dispatch.Refusal(rawValue: "misrouted") : .undecodable
    }
}
