import Kser
import KserKafka
import KserTesting
import Testing

@Suite("Dead letters and retries on Kafka", .timeLimit(.minutes(1)))
struct KafkaDeadLettersTests {
    private static let topics = ["jobs": 2, "jobs-retry-300": 1, "jobs-retry-600": 1, "jobs-dlt": 2]

    @Test("a message climbs the ladder, no delay cut short, is listed, replayed and done")
    func ladder() async throws {
        let broker = try EmbeddedBroker(topics: Self.topics)
        let servers = broker.bootstrapServers
        let producer = try Producer(ProducerConfiguration(bootstrapServers: servers))
        let tries = Tries(failing: 4)
        let letter = Requirement("the dead letter's reply")
        let done = Requirement("success")
        let answers = ControllerHooks(onSuccess: { _, result in
            done.fulfill()
            return result
        })
        let controller = Controller(hooks: answers, logger: .none)
        try await controller.register("step") { (_: JSONObject, execution) in
            try await tries.note(execution.attempt)
        }
        let retries = RetryTopics([.milliseconds(300), .milliseconds(600)], with: producer)
        var configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: "g")
        configuration.commitInterval = .milliseconds(50)
        let worker = Worker(
            consumer: try Consumer(configuration, topics: ["jobs"] + retries.names(for: "jobs")),
            controller: controller,
            options: WorkerOptions(
                replies: Replies(to: "results", with: Telling(producer, letter)),
                deadLetters: DeadLetterTopic(with: producer),
                retries: RetryPolicy(
                    inPlace: Backoff(retries: 1, initial: .milliseconds(200), jitter: 0),
                    topics: retries
                )
            )
        )
        try await producer.send(Message(uuid: "u1", entrypoint: "step"), to: "jobs", key: [7])
        let work = Task { try await worker.run() }
        try await letter.wait(atMost: .seconds(30))
        #expect(await tries.attempts == [1, 2, 3, 4])
        let pauses = await tries.pauses
        // What Kafka takes comes on top; the delays themselves are exact on the manual clock of KserTestingTests.
        for (pause, least) in zip(pauses, [200, 300, 600]) { #expect(pause >= .milliseconds(least - 20)) }

        let letters = DeadLetters(in: try KafkaTopicReader(bootstrapServers: servers))
        let all = try await letters.list("jobs")
        #expect(all.map(\.uuid) == ["u1"])
        let found = try #require(all.first)
        #expect(found.attempts == 4 && found.reason == .exhausted && found.group == "g")
        #expect(found.originalTopic == "jobs" && found.originalOffset == 0 && found.originalTimestamp != nil)
        #expect(found.record.key == [7])
        let report = try await letters.replay("jobs", .uuids("u1"), with: producer)
        #expect(report.replayed == 1)
        try await done.wait(atMost: .seconds(30))
        #expect(await tries.attempts == [1, 2, 3, 4, 1])
        await worker.shutdown()
        try await work.value
        let admin = try Admin(bootstrapServers: servers)
        for topic in ["jobs", "jobs-retry-300", "jobs-retry-600"] {
            #expect(try await admin.lag(ofGroup: "g", topic: topic).values.allSatisfy { $0 == 0 })
        }
        await producer.close()
    }

    @Test("letters of several partitions are read by offset ranges, without a group")
    func ranges() async throws {
        let broker = try EmbeddedBroker(topics: Self.topics)
        let producer = try broker.makeProducer()
        let records = (0..<700).map { number in
            ProducerRecord(
                topic: "jobs-dlt",
                partition: Int32(number % 2),
                value: Array("\(number)".utf8),
                headers: [Record.Header("kser_uuid", text: "u\(number)")]
            )
        }
        try await producer.send(contentsOf: records)
        let reader = try KafkaTopicReader(bootstrapServers: broker.bootstrapServers)
        let letters = DeadLetters(in: reader)
        #expect(try await letters.list("jobs").count == 700)
        var selection = DeadLetterSelection()
        selection.offsets = 300..<303
        #expect(
            try await letters.list("jobs", selection).map(\.record.text) == ["600", "602", "604", "601", "603", "605"]
        )
        #expect(try await letters.list("jobs", .uuids("u601")).map(\.record.offset) == [300])
        #expect(try await letters.show("jobs", partition: 1, offset: 349)?.uuid == "u699")
        #expect(try await letters.show("jobs", partition: 1, offset: 350) == nil)
        #expect(try await letters.list("jobs", limit: 3).count == 3)
        var options = ReplayOptions()
        options.limit = 2
        options.topic = "jobs"
        let report = try await letters.replay("jobs", selection, with: producer, options: options)
        #expect(report.replayed == 2 && report.ends == [0: 302])
        #expect(await kafkaError { _ = try await letters.list("nowhere") }?.code == .unknownTopic)
        // The partition ends before the range does.
        var last: [String] = []
        try await reader.read("jobs-dlt", partition: 0, offsets: 348..<9_999) { record in
            last.append(record.text)
            return true
        }
        #expect(last == ["696", "698"])
        await producer.close()
    }
}

private actor Tries {
    private let failures: Int
    private(set) var attempts: [Int] = []
    private var last: ContinuousClock.Instant?
    private(set) var pauses: [Duration] = []

    init(failing failures: Int) { self.failures = failures }

    func note(_ attempt: Int) throws {
        let now = ContinuousClock.now
        if let last { pauses.append(last.duration(to: now)) }
        last = now
        attempts.append(attempt)
        if attempts.count <= failures { throw KserError.io("disk full") }
    }
}

/// Tells that something was delivered.
private struct Telling: MessageProducer {
    let producer: Producer
    let sent: Requirement

    init(_ producer: Producer, _ sent: Requirement) {
        self.producer = producer
        self.sent = sent
    }

    var codec: any MessageCodec { producer.codec }
    var logger: KserLogger { producer.logger }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        defer { sent.fulfill() }
        return try await producer.send(record)
    }
}
