import Foundation
import Kser
import KserTesting
import Synchronization
import Testing

/// How workers end when something does not.
@Suite(.timeLimit(.minutes(1))) struct ShutdownTests {
    private let broker = InMemoryBroker()
    private let clock = ManualClock()
    private let lines = LogLines()

    @Test func aSecondSignalEndsTheRunWhateverGoesOn() async throws {
        // One after the other: a signal is for all workers of the process.
        for concurrency in [Concurrency.partition, .key(limit: 2), .unordered(limit: 2)] {
            try await ShutdownTests().endsAtASecondSignal(concurrency)
        }
    }

    private func endsAtASecondSignal(_ concurrency: Concurrency) async throws {
        let (gate, begun) = (Gate(), Requirement("begun"))
        let wasCancelled = Requirement("cancelled")
        let ended = Requirement("ended")
        let controller = try await stubborn(gate, begun) {
            if Task.isCancelled { wasCancelled.fulfill() }
            ended.fulfill()
        }
        // Ignored unless somebody watches it, and used by no other test.
        let signal = ShutdownSignal(number: SIGWINCH)
        let worker = worker(controller, concurrency, WorkerOptions(shutdownSignals: [signal]))
        let running = Task { try await worker.run() }
        try await begun.wait()
        kill(getpid(), signal.number)
        try await lines.wait(for: "Closing consumer and exiting")
        kill(getpid(), signal.number)
        let error = await #expect(throws: KserError.self) { try await running.value }
        #expect(error?.kind == .cancelled)
        #expect(ended.count == 0)
        gate.open()
        try await ended.wait()
        try await wasCancelled.wait()
    }

    @Test(arguments: [Concurrency.partition, .key(limit: 2)])
    func theHardTimeoutEndsTheRunAndTheLogNamesWhatItWaitedFor(concurrency: Concurrency) async throws {
        let (gate, begun) = (Gate(), Requirement("begun"))
        let controller = try await stubborn(gate, begun)
        defer { gate.open() }
        var options = WorkerOptions()
        options.hardTimeout = .seconds(20)
        let worker = worker(controller, concurrency, options)
        let running = Task { try await worker.run() }
        try await begun.wait()
        let closing = Task { await worker.shutdown() }
        for pause in [5, 10, 5] { #expect(try await clock.skip() == .seconds(pause)) }
        let error = await #expect(throws: KserError.self) { try await running.value }
        #expect(error?.kind == .deadlineExceeded)
        let told = lines.texts.filter {
            $0.contains("jobs[0]@0 step[\(String(repeating: "u", count: 64))], which runs since")
        }
        #expect(told.count == 3, "\(lines.texts)")
        #expect(told.allSatisfy { $0.utf8.count < 300 })
        gate.open()
        await closing.value
    }

    @Test func cancellationIsTimedToo() async throws {
        let (gate, begun) = (Gate(), Requirement("begun"))
        let controller = try await stubborn(gate, begun)
        defer { gate.open() }
        var options = WorkerOptions()
        options.hardTimeout = .seconds(3)
        let worker = worker(controller, .partition, options)
        let running = Task { try await worker.run() }
        try await begun.wait()
        running.cancel()
        try await clock.skip()
        await #expect(throws: KserError.self) { try await running.value }
    }

    @Test func anErrorThatEndedTheConsumerIsThrownAtTheHardTimeout() async throws {
        struct Fatal: ClientError { let verdict = SendVerdict.fatal }
        struct Failing: MessageProducer {
            let codec: any MessageCodec = JSONMessageCodec()
            let logger = KserLogger.none
            func send(_ record: ProducerRecord) async throws -> RecordMetadata { throw Fatal() }
        }
        let (gate, begun) = (Gate(), Requirement("begun"))
        let controller = try await stubborn(gate, begun)
        defer { gate.open() }
        let options = WorkerOptions(deadLetters: DeadLetterTopic(with: Failing()))
        let worker = worker(controller, .unordered(limit: 2), options)
        let running = Task { try await worker.run() }
        try await begun.wait()
        try await broker.makeProducer().send(Message(entrypoint: "unknown"), to: "jobs")
        while clock.elapsed < .seconds(600) { try await clock.skip() }
        await #expect(throws: Fatal.self) { try await running.value }
    }

    @Test func theLinesAreBounded() async throws {
        let gate = Gate()
        let begun = Requirement("begun", count: 50)
        let controller = try await stubborn(gate, begun, count: 50)
        defer { gate.open() }
        let worker = worker(controller, .unordered(limit: 50), WorkerOptions())
        let running = Task { try await worker.run() }
        try await begun.wait()
        let closing = Task { await worker.shutdown() }
        try await clock.skip()
        try await lines.wait(for: "45 more handler(s)")
        #expect(lines.texts.allSatisfy { $0.utf8.count < 1_200 })
        gate.open()
        await closing.value
        try await running.value
    }

    @Test func transactionsThatAreNotPreparedEndWithTheWorker() async throws {
        let producer = HangingTransactions(broker.makeTransactionalProducer(), hangs: .prepare)
        let worker = worker(Controller(logger: .none), .partition, producer.options)
        let running = Task { try await worker.run() }
        try await producer.hung.wait()
        await worker.shutdown()
        try await running.value
    }

    @Test func aWorkerWhoseTransactionHangsEndsWithMoreRecordsWaitingThanHaveRoom() async throws {
        let handled = Requirement("as many as have room", count: 1_000)
        let controller = Controller(logger: .none)
        try await controller.register("step") { (_: JSONObject, _) in handled.fulfill() }
        let sender = broker.makeProducer()
        for number in 0..<3_000 {
            try await sender.send(Message(uuid: "t\(number)", entrypoint: "step"), to: "jobs")
        }
        let producer = HangingTransactions(broker.makeTransactionalProducer(), hangs: .commit)
        let consumer = broker.makeConsumer(topics: ["jobs"], group: "g", drainTimeout: .milliseconds(100))
        let worker = Worker(consumer: consumer, controller: controller, options: producer.options)
        let running = Task { try await worker.run() }
        try await handled.wait()
        try await producer.hung.wait()
        await worker.shutdown()
        try await running.value
        #expect(broker.committedOffset(group: "g", topic: "jobs") == nil)
    }

    @Test(arguments: [Concurrency.partition, .key(limit: 2)])
    func aReplyThatAReleasedPartitionWaitsForIsNoFailure(concurrency: Concurrency) async throws {
        let source = HandFedSource()
        let controller = Controller(logger: KserLogger(level: .warning, sink: lines))
        try await controller.register("step") { (_: JSONObject, _) in }
        let producer = Unanswered(broker.makeProducer())
        let stream = source.assign()
        try source.offer([nil, nil], to: "step", in: stream)
        let options = WorkerOptions(replies: Replies(to: "results", with: producer))
        let worker = Worker(consumer: source, controller: controller, concurrency: concurrency, options: options)
        try await worker.whileRunning {
            try await producer.awaited.wait()
            stream.end()
            stream.release()
            while stream.inFlight > 0 {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
        #expect(lines.texts.isEmpty)
        #expect(stream.statistics.position == 0)
    }

    @Test func aWorkerRunsOnce() async throws {
        let worker = worker(Controller(logger: .none), .partition, WorkerOptions())
        await worker.shutdown()
        try await worker.run()
        await #expect(throws: KserError.self) { try await worker.run() }
    }

    /// A controller whose handlers heed nothing but the gate, and messages for them.
    private func stubborn(
        _ gate: Gate,
        _ begun: Requirement,
        count: Int = 1,
        _ end: @escaping @Sendable () -> Void = {}
    ) async throws -> Controller {
        let controller = Controller(logger: KserLogger(level: .info, sink: lines))
        try await controller.register("step") { (_: JSONObject, _) in
            begun.fulfill()
            await gate.pass()
            end()
        }
        let uuid = String(repeating: "u", count: 1_000)
        for _ in 0..<count {
            try await broker.makeProducer().send(Message(uuid: uuid, entrypoint: "step"), to: "jobs", key: [1])
        }
        return controller
    }

    private func worker(_ controller: Controller, _ concurrency: Concurrency, _ options: WorkerOptions) -> Worker {
        var options = options
        options.clock = clock.workerClock
        let consumer = broker.makeConsumer(topics: ["jobs"], group: "g")
        return Worker(consumer: consumer, controller: controller, concurrency: concurrency, options: options)
    }
}

/// A producer whose brokers are away: a call takes until its task is cancelled.
private final class HangingTransactions: TransactionalMessageProducer {
    enum Call { case prepare, commit }

    let hung = Requirement("a call that hangs")
    private let inner: InMemoryTransactionalProducer
    private let call: Call

    init(_ inner: InMemoryTransactionalProducer, hangs call: Call) {
        self.inner = inner
        self.call = call
    }

    var codec: any MessageCodec { inner.codec }
    var logger: KserLogger { inner.logger }
    var options: WorkerOptions {
        WorkerOptions(replies: Replies(to: "results", with: self), transactions: Transactions(with: self))
    }

    func prepare() async throws { if call == .prepare { try await hang() } }

    func commit(_ records: [ProducerRecord], completing progress: [PartitionProgress]) async throws -> [RecordMetadata]
    {
        if call == .commit { try await hang() }
        return try await inner.commit(records, completing: progress)
    }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata { RecordMetadata(pending: record) }

    private func hang() async throws {
        hung.fulfill()
        try await Task.sleep(for: .seconds(3_600))
    }
}

/// A producer whose brokers do not answer.
private struct Unanswered: MessageProducer {
    let awaited = Requirement("both deliveries", count: 2)
    private let inner: InMemoryProducer

    init(_ inner: InMemoryProducer) { self.inner = inner }

    var codec: any MessageCodec { inner.codec }
    var logger: KserLogger { inner.logger }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata { try await enqueue(record).metadata() }

    func enqueue(_ record: ProducerRecord) async throws -> Delivery {
        Delivery { [awaited] in
            awaited.fulfill()
            try await Task.sleep(for: .seconds(600))
            throw CancellationError()
        }
    }
}

/// What was logged; a test waits for a line.
private final class LogLines: LogSink {
    private let lines = Mutex<[String]>([])

    var texts: [String] { lines.withLock { $0 } }
    func log(_ record: LogRecord) { lines.withLock { $0.append(record.message) } }

    func wait(for text: String) async throws {
        while !texts.contains(where: { $0.contains(text) }) {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
