import Kser
import KserTesting
import Synchronization
import Testing

/// A broker with a worker on it that retries by a manual clock.
struct RetryBench: Sendable {
    let broker = InMemoryBroker()
    let controller = Controller(logger: .none)
    let clock = ManualClock()
    let succeeded = Requirement("a success")
    let replied = Requirement("a reply")
    private let tried = Tried()

    /// The attempts that handlers of `step` saw.
    var attempts: [Int] { tried.all.withLock { $0 } }

    /// Registers `step`, which fails the first times it is tried.
    func register(failing failures: Int, code: Int = 500) async throws {
        try await controller.register("step") { [tried, succeeded] (_: JSONObject, execution) in
            let count = tried.all.withLock { all in
                all.append(execution.attempt)
                return all.count
            }
            if count <= failures { throw KserError(.io, "disk full", code: code) }
            succeeded.fulfill()
        }
    }

    @discardableResult
    func send(
        key: String? = nil,
        headers: [Record.Header] = [],
        timestamp: Int64? = nil,
        entrypoint: String = "step"
    ) async throws -> ProducerRecord {
        let record = ProducerRecord(
            topic: "jobs",
            key: key.map { Array($0.utf8) },
            value: try JSONMessageCodec().encode(Message(uuid: "u1", entrypoint: entrypoint)),
            headers: headers,
            timestamp: timestamp
        )
        try await broker.makeProducer().send(record)
        return record
    }

    func options(
        inPlace: Backoff = Backoff(retries: 4, cap: .milliseconds(500), jitter: 0),
        topics delays: [Duration] = [.seconds(10), .seconds(60)],
        with producer: (any MessageProducer)? = nil
    ) -> WorkerOptions {
        let producer = producer ?? broker.makeProducer()
        var options = WorkerOptions(
            replies: Replies(to: "results", with: Counting(to: broker.makeProducer(), replied)),
            deadLetters: DeadLetterTopic(with: producer),
            retries: RetryPolicy(inPlace: inPlace, topics: RetryTopics(delays, with: producer))
        )
        options.clock = clock.workerClock
        return options
    }

    func worker(
        _ concurrency: Concurrency = .partition,
        options: WorkerOptions,
        controller: Controller? = nil
    ) -> Worker {
        let topics = options.retries?.topics?.names(for: "jobs") ?? []
        return Worker(
            consumer: broker.makeConsumer(topics: ["jobs"] + topics, group: "g"),
            controller: controller ?? self.controller,
            concurrency: concurrency,
            options: options
        )
    }

    func withWorker(
        _ concurrency: Concurrency = .partition,
        options: WorkerOptions,
        controller: Controller? = nil,
        _ body: () async throws -> Void
    ) async throws {
        try await worker(concurrency, options: options, controller: controller).whileRunning(body)
    }

    func committed(_ topic: String) -> Int64? { broker.committedOffset(group: "g", topic: topic) }
}

private final class Tried: Sendable { let all = Mutex<[Int]>([]) }

/// Tells when something was sent.
struct Counting: MessageProducer {
    let producer: InMemoryProducer
    let sent: Requirement

    init(to producer: InMemoryProducer, _ sent: Requirement) {
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

extension Record {
    func bytes(_ name: String) -> [UInt8] { headers.last { $0.name == name }?.value ?? [] }
    func text(_ name: String) -> String { String(decoding: bytes(name), as: UTF8.self) }
}
