import Kser
import KserCrypto
import KserKafka
import KserTesting
import Synchronization
import TestSupport
import Testing

/// What whoever can write to a topic, and has no key, can have a worker do.
@Suite(.timeLimit(.minutes(5))) struct ForgeryTests {
    private let broker = InMemoryBroker()

    @Test func copiesOfASealedMessageRunOnceWhateverTheirHeadersSay() async throws {
        let copies = Scale.count(20, 5_000)
        let codec = SecretBoxCodec(key: try .generate(), binding: TopicBinding())
        let sealed = try ProducerRecord(Message(uuid: "pay", entrypoint: "step"), to: "jobs", codec: codec)
        let attacker = broker.makeProducer()
        for number in 0..<copies {
            var copy = sealed
            copy.headers.append(Record.Header("kser_replays", text: "\(number)"))
            try await attacker.send(copy)
        }
        let runs = Atomic(0)
        let controller = Controller(codec: codec, logger: .none)
        try await controller.register("step") { (_: JSONObject, _) in _ = runs.add(1, ordering: .relaxed) }
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            options: WorkerOptions(deduplication: .inMemory())
        )
        try await withWorker(worker) {
            try await wait("all are done") { worker.statistics.duplicates == copies - 1 }
        }
        #expect(runs.load(ordering: .relaxed) == 1)
        Scale.tell("replays of an envelope", "\(copies) copies, 1 run")
    }

    @Test func aTaskIsCancelledThroughASealedAndBoundTopic() async throws {
        let codec = SecretBoxCodec(key: try .generate(), binding: TopicBinding())
        broker.createTopic("control")
        let producer = broker.makeProducer(codec: codec)
        let begun = Requirement("begun", count: 1)
        let controller = Controller(codec: codec, logger: .none)
        try await controller.register("step") { (_: JSONObject, _) in
            begun.fulfill()
            try await Task.sleep(for: .seconds(600))
        }
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            options: WorkerOptions(
                replies: Replies(to: "results", with: producer),
                cancellations: Cancellations(topic: "control", in: broker)
            )
        )
        try await producer.send(Message(uuid: "u", entrypoint: "step"), to: "jobs")
        let broker = broker
        try await withWorker(worker) {
            try await begun.wait(atMost: .seconds(60))
            // One that was sealed for another topic is none.
            var stolen = try ProducerRecord(
                Message(uuid: "u", entrypoint: "kser.control.Cancel"),
                to: "other",
                codec: codec
            )
            stolen.topic = "control"
            try await producer.send(stolen)
            #expect(broker.records(in: "results").isEmpty)
            try await TaskCanceller(topic: "control", with: producer).cancel("u", reason: "ordered twice")
            try await wait("the reply") { broker.records(in: "results").count == 1 }
        }
        let record = try #require(broker.records(in: "results").first)
        let reply = try codec.decode(record.value ?? [], of: record)
        #expect(reply.result.retcode == 499 && reply.result.stderr == "Cancelled: ordered twice")
    }

    @Test func aReplayGoesToTheTopicThatWasAskedForAlone() async throws {
        let producer = broker.makeProducer()
        let origins = ["jobs", "payments", "control", "a/b c", "", String(repeating: "x", count: 300)]
        for (number, origin) in origins.enumerated() {
            var record = try ProducerRecord(
                Message(uuid: "u\(number)", entrypoint: "e"),
                to: "jobs",
                codec: producer.codec
            )
            record.topic = "jobs-dlt"
            record.headers = [.init("kafka_dlt-original-topic", text: origin)]
            try await producer.send(record)
        }
        // What is cut points to a record of any topic.
        try await producer.send(Message(uuid: "secret", entrypoint: "e"), to: "payments")
        try await producer.send(
            ProducerRecord(
                topic: "jobs-dlt",
                value: [],
                headers: [
                    .init("kafka_dlt-original-topic", text: "payments"),
                    .init("kafka_dlt-original-partition", bigEndian: Int32(0)),
                    .init("kafka_dlt-original-offset", bigEndian: Int64(0)), .init("kser_dlt-cut", text: "value"),
                ]
            )
        )
        let letters = DeadLetters(in: broker)
        let picky = Picky(producer: producer)
        let report = try await letters.replay("jobs", with: picky)
        #expect(report.replayed == 1 && report.elsewhere == 6 && report.refused == 0)
        #expect(report.ends == [0: 7])
        #expect(broker.records(in: "jobs").count == 1 && broker.records(in: "payments").count == 1)
        #expect(broker.records(in: "control").isEmpty)

        var options = ReplayOptions()
        options.topic = "elsewhere"
        #expect(try await letters.replay("jobs", with: picky, options: options).replayed == 1)
        options.topic = nil
        options.admitsAnyOrigin = true
        let all = try await letters.replay("jobs", with: picky, options: options)
        // Three names are none of a topic; the others are those that were asked for.
        #expect(all.replayed == 4 && all.refused == 3 && all.ends == [0: 7])
        #expect(broker.records(in: "control").count == 1)
    }

    @Test func theEndOfAReplayIsWhereTheTopicEndedWhenItBegan() async throws {
        let producer = broker.makeProducer()
        let letter = ProducerRecord(topic: "jobs-dlt", value: Array("{}".utf8))
        for _ in 0..<3 { try await producer.send(letter) }
        let letters = DeadLetters(in: broker)
        var selection = DeadLetterSelection()
        selection.until = try await letters.ends(of: "jobs")
        var options = ReplayOptions()
        options.limit = 1
        var replayed = 0
        while true {
            let report = try await letters.replay("jobs", selection, with: producer, options: options)
            replayed += report.replayed
            if report.replayed == 0 { break }
            selection.from.merge(report.ends) { $1 }
            // It fails again meanwhile.
            try await producer.send(letter)
        }
        #expect(replayed == 3)
    }

    @Test func theToolReplaysWhatWasThereWhenItBegan() async throws {
        // More than the tool sends in one step.
        let count = Scale.count(120, 2_000)
        let broker = try EmbeddedBroker(topics: ["jobs": 1, "jobs-dlt": 1])
        let servers = broker.bootstrapServers
        let producer = try Producer(ProducerConfiguration(bootstrapServers: servers))
        // Nobody knows their entrypoint: each comes back as soon as it is replayed.
        let worker = Worker(
            consumer: try Consumer(
                ConsumerConfiguration(bootstrapServers: servers, groupID: "g"),
                topics: ["jobs"]
            ),
            controller: Controller(logger: .none),
            options: WorkerOptions(deadLetters: DeadLetterTopic(with: producer))
        )
        try await producer.send(
            contentsOf: (0..<count).map { Message(uuid: "u\($0)", entrypoint: "gone") },
            to: "jobs"
        )
        let reader = try KafkaTopicReader(bootstrapServers: servers)
        try await withWorker(worker) {
            try await wait("the dead letters") { try await reader.offsets(of: "jobs-dlt")[0]?.count == count }
            let tool = try Tool.start(["dlq", "replay", "jobs", "--json"], on: servers)
            let output = try await tool.end(within: .seconds(120))
            #expect(output.status == 0, "\(output)")
            let report = try JSON(parsing: output.text).object
            #expect(report?["replayed"] == .integer(Int64(count)), "\(output)")
            try await wait("the same again") { try await reader.offsets(of: "jobs-dlt")[0]?.count == 2 * count }
        }
        await producer.close()
        Scale.tell("replay beside a worker that fails", "\(count) dead letters, each sent once")
    }
}

/// A producer that takes no name of a topic that Kafka would not take.
private struct Picky: MessageProducer {
    struct Refusal: ClientError { let verdict = SendVerdict.refused }

    let producer: InMemoryProducer
    var codec: any MessageCodec { producer.codec }
    var logger: KserLogger { producer.logger }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        let isName = (1...249).contains(record.topic.utf8.count)
        guard isName, record.topic.allSatisfy({ $0.isLetter || $0 == "-" }) else { throw Refusal() }
        return try await producer.send(record)
    }
}
