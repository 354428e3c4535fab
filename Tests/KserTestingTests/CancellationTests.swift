import Kser
import KserTesting
import Synchronization
import Testing

/// Tasks that are cancelled by uuid through a control topic.
@Suite(.timeLimit(.minutes(1))) struct CancellationTests {
    private let broker = InMemoryBroker()
    private let log = Watch()

    init() { broker.createTopic("control") }

    private var canceller: TaskCanceller { TaskCanceller(topic: "control", with: broker.makeProducer()) }

    @Test(arguments: [Concurrency.partition, .key(limit: 2), .unordered(limit: 2)])
    func aRunningHandlerIsCancelledAndTheOthersGoOn(concurrency: Concurrency) async throws {
        let begun = Requirement("begun", count: 1)
        let controller = try await controller { uuid, execution in
            guard uuid == "u1" else { return }
            execution.print("so far")
            begun.fulfill()
            try await Task.sleep(for: .seconds(600))
        }
        try await send("u1", "u2")
        try await withWorker(controller, concurrency) {
            try await begun.wait()
            try await canceller.cancel("u1", reason: "ordered twice")
            let replies = try await replies(2)
            let cancelled = try #require(replies["u1"]).result
            #expect(cancelled.retcode == 499)
            #expect(cancelled.stderr == "Cancelled: ordered twice")
            #expect(cancelled.stdout == "so far\n")
            #expect(cancelled.retval["error"]?["msgid"]?.string == "ERR-50499")
            #expect(replies["u2"]?.result.retcode == 0)
        }
        #expect(broker.committedOffset(group: "g", topic: "jobs") == 2)
        #expect(broker.records(in: "jobs-dlt").isEmpty)
    }

    @Test func everyWorkerHears() async throws {
        broker.createTopic("jobs", partitions: 2)
        let begun = Requirement("begun", count: 2)
        let controller = try await controller { _, _ in
            begun.fulfill()
            try await Task.sleep(for: .seconds(600))
        }
        try await send("u1", "u2")
        try await withWorker(controller) {
            try await withWorker(controller) {
                try await begun.wait()
                for uuid in ["u1", "u2"] { try await canceller.cancel(uuid) }
                let replies = try await replies(2)
                #expect(replies.values.map(\.result.retcode) == [499, 499])
            }
        }
    }

    @Test func whatIsCancelledBeforeItBeginsIsNotRun() async throws {
        let runs = Atomic(0)
        let controller = try await controller { _, _ in runs.add(1, ordering: .relaxed) }
        // Before the worker starts: it reads what is there first.
        try await canceller.cancel("u1", reason: "early")
        try await send("u1", "u2")
        try await withWorker(controller) {
            let replies = try await replies(2)
            #expect(replies["u1"]?.result.stderr == "Cancelled: early")
            #expect(replies["u2"]?.result.retcode == 0)
        }
        #expect(runs.load(ordering: .relaxed) == 1)
        #expect(broker.committedOffset(group: "g", topic: "jobs") == 2)
    }

    @Test func itIsNeitherTriedAgainNorADeadLetter() async throws {
        let begun = Requirement("begun")
        let controller = try await controller { _, _ in
            begun.fulfill()
            try await Task.sleep(for: .seconds(600))
        }
        try await send("u1")
        let producer = broker.makeProducer()
        try await withWorker(
            controller,
            retries: RetryPolicy(topics: RetryTopics([.seconds(10)], with: producer)),
            deadLetters: DeadLetterTopic(with: producer)
        ) {
            try await begun.wait()
            try await canceller.cancel("u1")
            #expect(try await replies(1)["u1"]?.result.retcode == 499)
        }
        #expect(begun.count == 1)
        #expect(broker.records(in: "jobs-dlt").isEmpty && broker.records(in: "jobs-retry-10000").isEmpty)
        #expect(broker.committedOffset(group: "g", topic: "jobs") == 1)
    }

    @Test func theClassifierMayDecideOtherwise() async throws {
        let controller = try await controller { _, _ in }
        try await canceller.cancel("u1")
        try await send("u1")
        let written = Requirement("a letter")
        try await withWorker(
            controller,
            deadLetters: DeadLetterTopic(with: Counting(to: broker.makeProducer(), written)),
            classifier: OutcomeClassifier { $0.isCancelled ? .deadLetter : .success }
        ) {
            try await written.wait()
        }
        #expect(broker.records(in: "jobs-dlt").first?.text("kser_error-code") == "499")
    }

    @Test func aRetryThatWaitsIsNotTriedAgain() async throws {
        let clock = ManualClock()
        let attempts = Atomic(0)
        let controller = try await controller { _, _ in
            attempts.add(1, ordering: .relaxed)
            throw KserError.io()
        }
        try await send("u1")
        try await withWorker(controller, retries: RetryPolicy(inPlace: Backoff(jitter: 0)), clock: clock) {
            try await clock.waitForSleepers()
            try await canceller.cancel("u1")
            try await log.wait { $0.contains { $0.contains("task u1 cancelled") } }
            try await clock.skip()
            #expect(try await replies(1)["u1"]?.result.retcode == 499)
        }
        #expect(attempts.load(ordering: .relaxed) == 1)
    }

    @Test func aHandlerThatSucceedsAllTheSameHasSucceeded() async throws {
        let begun = Requirement("begun")
        let controller = try await controller { _, _ in
            begun.fulfill()
            try? await Task.sleep(for: .seconds(600))
        }
        try await send("u1")
        try await withWorker(controller) {
            try await begun.wait()
            try await canceller.cancel("u1")
            #expect(try await replies(1)["u1"]?.result.retcode == 0)
        }
    }

    @Test func shutdownIsNoCancellation() async throws {
        let begun = Requirement("begun")
        let controller = try await controller { _, _ in
            begun.fulfill()
            try await Task.sleep(for: .seconds(600))
        }
        try await send("u1")
        let worker = worker(controller)
        let running = Task { try await worker.run() }
        try await begun.wait()
        running.cancel()
        try await running.value
        #expect(broker.records(in: "results").isEmpty)
        #expect(broker.committedOffset(group: "g", topic: "jobs") == nil)
    }

    @Test func cancellationsAreForgottenWithAge() async throws {
        let clock = ManualClock()
        let controller = try await controller { _, _ in }
        let old = Message(uuid: "u1", entrypoint: "kser.control.Cancel")
        let producer = broker.makeProducer()
        try await producer.send(old, to: "control", timestamp: clock.now - 3_600_000)
        try await producer.send(
            Message(uuid: "u2", entrypoint: old.entrypoint),
            to: "control",
            timestamp: clock.now - 1
        )
        try await send("u1", "u2")
        try await withWorker(controller, clock: clock) {
            let replies = try await replies(2)
            #expect(replies["u1"]?.result.retcode == 0)
            #expect(replies["u2"]?.result.retcode == 499)
        }
    }

    @Test func timestampsAtTheEndsOfWhatCanBeSaidTrapNothing() async throws {
        let controller = try await controller { _, _ in }
        let producer = broker.makeProducer()
        for (uuid, timestamp) in [("u1", Int64.min), ("u2", .max), ("u3", -1)] {
            let message = Message(uuid: uuid, entrypoint: "kser.control.Cancel")
            try await producer.send(message, to: "control", timestamp: timestamp)
        }
        try await send("u1", "u2", "u3")
        try await withWorker(controller) {
            let replies = try await replies(3)
            #expect(replies["u1"]?.result.retcode == 0)
            // Claimed to be in the future, it is of now.
            #expect(replies["u2"]?.result.retcode == 499)
            #expect(replies["u3"]?.result.retcode == 0)
        }
    }

    @Test func whatIsNoCancellationIsAWarning() async throws {
        let controller = try await controller { _, _ in }
        let producer = broker.makeProducer()
        try await producer.send(ProducerRecord(topic: "control", value: Array("{".utf8)))
        try await producer.send(ProducerRecord(topic: "control", value: nil))
        try await producer.send(Message(uuid: "u1", entrypoint: "kser.control.Other"), to: "control")
        try await producer.send(Message(uuid: "", entrypoint: "kser.control.Cancel"), to: "control")
        try await canceller.cancel("u2")
        try await send("u1", "u2")
        try await withWorker(controller) {
            let replies = try await replies(2)
            #expect(replies["u1"]?.result.retcode == 0)
            #expect(replies["u2"]?.result.retcode == 499)
        }
        let warnings = log.records.filter { $0.level == .warning && $0.message.contains("ignored") }.map(\.message)
        #expect(warnings.count == 4, "\(warnings)")
        #expect(warnings.contains { $0.contains("control[0]@2") && $0.contains("kser.control.Other") })
    }

    @Test func aWorkerGoesOnWithoutAControlTopic() async throws {
        let controller = try await controller { _, _ in }
        try await send("u1")
        try await withWorker(controller, topic: "nowhere") {
            let reply = try await replies(1)["u1"]
            #expect(reply?.result.retcode == 0)
        }
        let errors = log.records.filter { $0.level == .error }.map(\.message)
        #expect(errors.contains { $0.contains("control topic nowhere") }, "\(errors)")
    }

    @Test func anEmptyUUIDIsRefused() async throws {
        await #expect(throws: KserError.self) { try await canceller.cancel("") }
        #expect(broker.records(in: "control").isEmpty)
    }

    private func controller(
        _ body: @escaping @Sendable (String, Execution) async throws -> Void
    ) async throws -> Controller {
        let controller = Controller(logger: KserLogger(level: .debug, sink: log))
        try await controller.register("step") { (_: JSONObject, execution) in try await body(execution.uuid, execution)
        }
        return controller
    }

    private func send(_ uuids: String...) async throws {
        let producer = broker.makeProducer()
        for uuid in uuids { try await producer.send(Message(uuid: uuid, entrypoint: "step"), to: "jobs") }
    }

    /// The first replies by uuid.
    private func replies(_ count: Int) async throws -> [String: Message] {
        var replies: [String: Message] = [:]
        for try await record in broker.makeConsumer(topics: ["results"], group: "reader") {
            let reply = try JSONMessageCodec().decode(record.value ?? [])
            replies[reply.uuid] = reply
            if replies.count == count { break }
        }
        return replies
    }

    private func worker(
        _ controller: Controller,
        _ concurrency: Concurrency = .partition,
        topic: String = "control",
        retries: RetryPolicy? = nil,
        deadLetters: DeadLetterTopic? = nil,
        classifier: OutcomeClassifier? = nil,
        clock: ManualClock? = nil
    ) -> Worker {
        var options = WorkerOptions(
            replies: Replies(to: "results", with: broker.makeProducer()),
            deadLetters: deadLetters,
            retries: retries,
            classifier: classifier,
            cancellations: Cancellations(topic: topic, in: broker)
        )
        if let clock { options.clock = clock.workerClock }
        return Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            concurrency: concurrency,
            options: options
        )
    }

    private func withWorker(
        _ controller: Controller,
        _ concurrency: Concurrency = .partition,
        topic: String = "control",
        retries: RetryPolicy? = nil,
        deadLetters: DeadLetterTopic? = nil,
        classifier: OutcomeClassifier? = nil,
        clock: ManualClock? = nil,
        _ body: () async throws -> Void
    ) async throws {
        let worker = worker(
            controller,
            concurrency,
            topic: topic,
            retries: retries,
            deadLetters: deadLetters,
            classifier: classifier,
            clock: clock
        )
        try await worker.whileRunning(body)
    }
}

/// Keeps log records, and tells of them.
private final class Watch: LogSink {
    private let kept = Mutex<[LogRecord]>([])
    private let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    var records: [LogRecord] { kept.withLock { $0 } }

    func log(_ record: LogRecord) {
        kept.withLock { $0.append(record) }
        arrived.yield()
    }

    /// Waits until the lines fulfil a condition; the suite's time limit ends it.
    func wait(until isTrue: ([String]) -> Bool) async throws {
        if isTrue(records.map(\.message)) { return }
        for await _ in arrivals where isTrue(records.map(\.message)) { return }
        throw CancellationError()
    }
}
