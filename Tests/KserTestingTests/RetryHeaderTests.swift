import Kser
import KserTesting
import Synchronization
import Testing

/// Records in retry topics whose headers are not as a worker writes them, and topics that nobody reads.
@Suite(.timeLimit(.minutes(1))) struct RetryHeaderTests {
    private let bench = RetryBench()
    private let topic = "jobs-retry-10000"

    @Test func aClockThatIsAheadMakesTheDelayNoLonger() async throws {
        let due = Record.Header("kafka_retry_topic-backoff-timestamp", Array(repeating: 0x7F, count: 8))
        try await run([.init("kafka_original-topic", text: "jobs"), .init("kser_retry-rung", text: "1"), due]) {
            let waited = try await bench.clock.skip()
            #expect(waited == .seconds(10))
        }
        #expect(bench.attempts == [2])
    }

    @Test(arguments: [
        [Record.Header("kafka_original-topic", text: "jobs")],
        [Record.Header("kafka_original-topic", text: "jobs"), Record.Header("kser_retry-rung", nil)],
        [Record.Header("kafka_original-topic", text: ""), Record.Header("kser_retry-rung", text: "1")],
        [Record.Header("kafka_original-topic", text: "other"), Record.Header("kser_retry-rung", text: "1")],
        [Record.Header("kser_retry-rung", text: "99999999999999999999999")],
        [Record.Header("kafka_retry_topic-attempts", Array(repeating: 0xFF, count: 99))],
    ])
    func aRecordThatComesFromNowhereBeginsHere(headers: [Record.Header]) async throws {
        try await run(headers) {}
        #expect(bench.attempts == [1])
        #expect(bench.committed(topic) == 1)
    }

    @Test(
        arguments: [
            ("kafka_retry_topic-attempts", [0xFF, 0xFF, 0xFF, 0xFF]), ("kafka_retry_topic-attempts", []),
            ("kafka_retry_topic-attempts", [1]),
            ("kafka_retry_topic-attempts", [0x7F, 255, 255, 255, 255, 255, 255, 255]),
            ("kafka_retry_topic-backoff-timestamp", []),
            ("kafka_retry_topic-backoff-timestamp", [0x80]), ("kafka_original-partition", [1, 2, 3, 4, 5, 6, 7, 8]),
        ] as [(String, [UInt8])]
    )
    func headersThatMakeNoSenseCostNoMessage(name: String, value: [UInt8]) async throws {
        let headers: [Record.Header] = [
            .init("kafka_original-topic", text: "jobs"), .init("kser_retry-rung", text: "1"), .init(name, value),
        ]
        try await run(headers) {}
        #expect(bench.attempts == [2])
    }

    @Test(arguments: [
        "jobs-audit", "jobs-retry-", "jobs-retry-10x", "jobs-retry-10000-dlt", "jobs-retry-99999999999999999999",
    ])
    func aTopicThatOnlyBeginsLikeAnOriginIsNoRetryTopicOfIt(topic: String) async throws {
        let written = Requirement("a letter")
        var options = bench.options()
        options.deadLetters = DeadLetterTopic(with: Counting(to: bench.broker.makeProducer(), written))
        try await bench.broker.makeProducer().send(
            ProducerRecord(topic: topic, value: [1], headers: claims(of: "jobs", due: .max))
        )
        let consumer = bench.broker.makeConsumer(topics: [topic], group: "g")
        let worker = Worker(consumer: consumer, controller: bench.controller, options: options)
        // Nothing waits, and the letter goes where the record was.
        try await worker.whileRunning { try await written.wait() }
        #expect(bench.broker.records(in: "\(topic)-dlt").count == 1)
        #expect(bench.broker.records(in: "jobs-dlt").isEmpty)
        #expect(bench.clock.elapsed == .zero)
    }

    @Test func aRecordOfADelayThatIsNoLongerUsedKeepsItsLineage() async throws {
        let written = Requirement("a letter")
        var options = bench.options()
        options.deadLetters = DeadLetterTopic(with: Counting(to: bench.broker.makeProducer(), written))
        let topic = "jobs-retry-7000"
        try await bench.broker.makeProducer().send(
            ProducerRecord(topic: topic, value: [1], headers: claims(of: "jobs", due: .max))
        )
        let consumer = bench.broker.makeConsumer(topics: [topic], group: "g")
        let worker = Worker(consumer: consumer, controller: bench.controller, options: options)
        try await worker.whileRunning {
            #expect(try await bench.clock.skip() == .seconds(7))
            try await written.wait()
        }
        #expect(bench.broker.records(in: "jobs-dlt").count == 1)
    }

    @Test(
        arguments: [
            (.max, -4_000, .seconds(6)), (.max, -20_000, nil), (.max, .min, nil), (.max, .max, .seconds(10)),
            (.min, .max, nil), (5_000, 0, .seconds(5)),
        ] as [(Int64, Int64, Duration?)]
    )
    func aDueTimeIsNoLaterThanTheDelayAfterTheRecord(due: Int64, sent: Int64, wait: Duration?) async throws {
        let now = bench.clock.now
        let headers = claims(of: "jobs", due: now.addingSaturating(due))
        try await run(headers, sent: now.addingSaturating(sent)) {
            guard let wait else { return }
            let waited = try await bench.clock.skip()
            #expect(waited == wait)
        }
        #expect(bench.attempts == [2])
        #expect(bench.clock.elapsed == wait ?? .zero)
    }

    private func claims(of origin: String, due: Int64) -> [Record.Header] {
        [
            .init("kafka_original-topic", text: origin), .init("kser_retry-rung", text: "1"),
            .init("kafka_retry_topic-backoff-timestamp", withUnsafeBytes(of: due.bigEndian) { Array($0) }),
        ]
    }

    @Test func equalDelaysShareATopicAndStillEnd() async throws {
        try await bench.register(failing: .max)
        try await bench.send()
        let options = bench.options(inPlace: .none, topics: [.seconds(1), .seconds(1)])
        try await bench.withWorker(options: options) {
            try await bench.clock.skip()
            try await bench.clock.skip()
            try await bench.replied.wait()
        }
        #expect(bench.attempts == [1, 2, 3])
        #expect(bench.broker.records(in: "jobs-retry-1000").count == 2)
        #expect(bench.broker.records(in: "jobs-dlt").count == 1)
    }

    @Test func anUndecodableRecordOfARetryTopicGoesToTheFirstTopicsLetters() async throws {
        let written = Requirement("a letter")
        var options = bench.options()
        options.deadLetters = DeadLetterTopic(with: Counting(to: bench.broker.makeProducer(), written))
        let headers: [Record.Header] = [
            .init("kafka_original-topic", text: "jobs"), .init("kser_retry-rung", text: "1"),
        ]
        try await bench.broker.makeProducer().send(ProducerRecord(topic: topic, value: [1], headers: headers))
        try await bench.withWorker(options: options) { try await written.wait() }
        #expect(bench.broker.records(in: "jobs-dlt").first?.text("kser_dlt-reason") == "undecodable")
    }

    @Test(arguments: [
        (["jobs"], true), (["jobs", "jobs-retry-10000"], true), (["^jobs.*"], false),
        (["jobs", "jobs-retry-10000", "jobs-retry-60000"], false), (["jobs-retry-10000"], false),
    ])
    func retriesThatNobodyReadsAreWarnedOf(topics: [String], warns: Bool) async throws {
        let lines = Lines()
        let worker = Worker(
            consumer: bench.broker.makeConsumer(topics: topics, group: "g"),
            controller: Controller(logger: KserLogger(level: .warning, sink: lines)),
            options: bench.options()
        )
        let running = Task { try await worker.run() }
        running.cancel()
        try await running.value
        let warnings = lines.texts.filter { $0.contains("jobs-retry-60000, which this consumer does not read") }
        #expect(warnings.count == (warns ? 1 : 0))
    }

    private func run(_ headers: [Record.Header], sent timestamp: Int64? = nil, _ body: () async throws -> Void)
        async throws
    {
        try await bench.register(failing: 0)
        let value = try JSONMessageCodec().encode(Message(entrypoint: "step"))
        try await bench.broker.makeProducer().send(
            ProducerRecord(topic: topic, value: value, headers: headers, timestamp: timestamp)
        )
        try await bench.withWorker(options: bench.options()) {
            try await body()
            try await bench.replied.wait()
        }
    }
}

private final class Lines: LogSink {
    private let lines = Mutex<[String]>([])
    var texts: [String] { lines.withLock { $0 } }
    func log(_ record: LogRecord) { lines.withLock { $0.append(record.message) } }
}
