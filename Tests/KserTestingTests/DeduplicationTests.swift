import Kser
import KserTesting
import Synchronization
import Testing

/// Messages that come again.
@Suite(.timeLimit(.minutes(1))) struct DeduplicationTests {
    private let bench = RetryBench()
    private let window = InMemoryDeduplicationWindow()

    @Test(arguments: [Concurrency.partition, .key(limit: 4), .unordered(limit: 4)])
    func aDuplicateIsCompletedWithoutItsHandler(concurrency: Concurrency) async throws {
        try await bench.register(failing: 0)
        for _ in 0..<5 { try await bench.send(key: "k") }
        try await withWorker(concurrency) { worker in
            try await bench.replied.wait()
            try await allDone(5, by: worker)
            #expect(worker.statistics.duplicates == 4)
        }
        #expect(bench.attempts == [1])
        #expect(bench.broker.records(in: "results").count == 1)
    }

    @Test func aDuplicateOfWhatIsInWorkWaitsForIt() async throws {
        let gate = Gate()
        let begun = Requirement("begun")
        let other = Requirement("another message")
        let runs = Atomic(0)
        try await bench.controller.register("step") { (_: JSONObject, execution) in
            runs.add(1, ordering: .relaxed)
            begun.fulfill()
            await gate.pass()
        }
        try await bench.controller.register("other") { (_: JSONObject, _) in other.fulfill() }
        try await withWorker(.unordered(limit: 2)) { worker in
            try await bench.send()
            try await begun.wait()
            // It takes no handler's place: a message behind it runs.
            try await bench.send()
            try await bench.broker.makeProducer().send(Message(uuid: "u2", entrypoint: "other"), to: "jobs")
            try await other.wait()
            #expect(runs.load(ordering: .relaxed) == 1)
            gate.open()
            try await allDone(3, by: worker)
        }
        #expect(runs.load(ordering: .relaxed) == 1)
    }

    @Test func aDuplicateRunsWhenTheFirstFails() async throws {
        try await bench.register(failing: 1)
        for _ in 0..<3 { try await bench.send() }
        var options = options()
        options.retries = nil
        try await withWorker(options: options) { worker in
            try await bench.succeeded.wait()
            try await allDone(3, by: worker)
        }
        // Failed, succeeded, passed over.
        #expect(bench.attempts.count == 2)
        #expect(bench.broker.records(in: "results").count == 2)
    }

    @Test(arguments: 1...6, [Concurrency.partition, .unordered(limit: 1)])
    func theWholeLadderIsClimbedAndDuplicatesWaitForIt(failures: Int, concurrency: Concurrency) async throws {
        try await bench.register(failing: failures)
        try await bench.send(key: "k")
        try await withWorker(concurrency) { worker in
            for _ in 0..<failures { try await bench.clock.skip() }
            try await bench.succeeded.wait()
            try await bench.replied.wait()
            // After its success wherever in the ladder, one that comes again is passed over.
            try await bench.send(key: "k")
            try await allDone(2, by: worker)
        }
        #expect(bench.attempts == Array(1...failures + 1))
        #expect(bench.replied.count == 1)
    }

    @Test func aPauseBetweenAttemptsAndADuplicateDoNotHoldEachOtherUp() async throws {
        try await bench.register(failing: 1)
        for _ in 0..<2 { try await bench.send() }
        try await withWorker(.unordered(limit: 1)) { worker in
            try await bench.clock.skip()
            try await allDone(2, by: worker)
        }
        #expect(bench.attempts == [1, 2])
    }

    @Test func whatIsReplayedRunsEvenWhenItWasHandled() async throws {
        try await bench.register(failing: 0)
        try await bench.send()
        try await bench.send(headers: [Record.Header("kser_replays", text: "1")])
        try await bench.send(headers: [Record.Header("kser_replays", text: "1")])
        try await withWorker { worker in try await allDone(3, by: worker) }
        #expect(bench.attempts.count == 2)
    }

    @Test func aDeadLetterThatIsReplayedRuns() async throws {
        try await bench.register(failing: 1)
        try await bench.send()
        let options = options(inPlace: .none, topics: [])
        try await bench.withWorker(options: options) {
            try await bench.replied.wait()
            let report = try await DeadLetters(in: bench.broker).replay("jobs", with: bench.broker.makeProducer())
            #expect(report.replayed == 1)
            try await bench.succeeded.wait()
        }
    }

    @Test func aReplyThatIsNotAcknowledgedLeavesTheMessageOutOfTheWindow() async throws {
        try await bench.register(failing: 0)
        try await bench.send()
        var options = options()
        options.replies = Replies(to: "results", with: Refusing())
        try await bench.withWorker(options: options) { try await bench.clock.waitForSleepers() }
        #expect(bench.committed("jobs") == nil)
        // Its next owner has the same window, and runs it again.
        try await withWorker { worker in try await allDone(1, by: worker) }
        #expect(bench.attempts.count == 2)
        #expect(bench.broker.records(in: "results").count == 1)
    }

    @Test func aDuplicateThatWaitsWhenTheWorkerEndsIsDeliveredAgain() async throws {
        let gate = Gate()
        let begun = Requirement("begun")
        try await bench.controller.register("step") { (_: JSONObject, _) in
            begun.fulfill()
            await gate.pass()
            throw KserError.validation("no")
        }
        var options = options()
        options.retries = nil
        let worker = bench.worker(.unordered(limit: 2), options: options)
        let running = Task { try await worker.run() }
        for _ in 0..<2 { try await bench.send() }
        try await begun.wait()
        let closing = Task { await worker.shutdown() }
        gate.open()
        await closing.value
        try await running.value
        #expect(bench.committed("jobs") == nil)
        #expect(begun.count == 1 && bench.broker.records(in: "results").isEmpty)
    }

    @Test func aWindowThatCannotBeAskedLetsMessagesRun() async throws {
        try await bench.register(failing: 0)
        for _ in 0..<2 { try await bench.send() }
        var options = options()
        options.deduplication = Broken()
        try await withWorker(options: options) { worker in try await allDone(2, by: worker) }
        #expect(bench.attempts.count == 2)
    }

    @Test func aWindowForgetsWithAgeAndNumber() async throws {
        let clock = ManualClock()
        let window = InMemoryDeduplicationWindow(capacity: 2, lifetime: .seconds(10), clock: clock.workerClock)
        let keys = (0..<3).map { DeduplicationKey(uuid: "u\($0)") }
        for key in keys { window.insert(key) }
        #expect(keys.map { window.contains($0) } == [false, true, true])
        #expect(!window.contains(DeduplicationKey(uuid: "u2", replays: 1)))
        clock.advance(by: .seconds(10))
        #expect(keys.map { window.contains($0) } == [false, false, false])
    }

    @Test func manyCopiesOfAFailingMessageAreDecodedOnceEach() async throws {
        let count = 200
        let codec = CountingCodec()
        let controller = Controller(codec: codec, logger: .none)
        let (gate, begun) = (Gate(), Requirement("begun"))
        let failed = Requirement("all failed", count: count)
        try await controller.register("step") { (_: JSONObject, _) in
            begun.fulfill()
            await gate.pass()
            failed.fulfill()
            throw KserError.io("disk full")
        }
        for _ in 0..<count { try await bench.send() }
        var options = options()
        options.retries = nil
        let worker = bench.worker(.unordered(limit: 64), options: options, controller: controller)
        try await worker.whileRunning {
            try await begun.wait()
            // All that the worker takes at once wait for the first.
            while codec.decodes < count { await Task.yield() }
            gate.open()
            try await failed.wait()
        }
        #expect(codec.decodes == count)
    }

    @Test(arguments: [Int64.min, -1_000_000_000, 1_000_000_000, .max])
    func aMachineThatIsSetToAnotherTimeForgetsNothing(jump: Int64) {
        let clock = ManualClock()
        let offset = Mutex<Int64>(0)
        let jumping = WorkerClock(
            now: { clock.now.addingSaturating(offset.withLock { $0 }) },
            uptime: { clock.elapsed },
            sleep: { try await clock.sleep(for: $0) }
        )
        let window = InMemoryDeduplicationWindow(lifetime: .seconds(10), clock: jumping)
        window.insert(DeduplicationKey(uuid: "u"))
        offset.withLock { $0 = jump }
        #expect(window.contains(DeduplicationKey(uuid: "u")))
        clock.advance(by: .seconds(10))
        #expect(!window.contains(DeduplicationKey(uuid: "u")))
    }

    private func options(
        inPlace: Backoff = Backoff(retries: 4, cap: .milliseconds(500), jitter: 0),
        topics: [Duration] = [.seconds(10), .seconds(60)]
    ) -> WorkerOptions {
        var options = bench.options(inPlace: inPlace, topics: topics)
        options.deduplication = window
        return options
    }

    private func withWorker(
        _ concurrency: Concurrency = .partition,
        options: WorkerOptions? = nil,
        _ body: (Worker) async throws -> Void
    ) async throws {
        let worker = bench.worker(concurrency, options: options ?? self.options())
        try await worker.whileRunning { try await body(worker) }
    }

    /// Waits until this many records of the topic are done; the suite's time limit ends it.
    private func allDone(_ count: Int64, by worker: Worker) async throws {
        while worker.statistics.partitions.first(where: { $0.topic == "jobs" })?.position != count {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}

private struct Broken: DeduplicationWindow {
    func contains(_ key: DeduplicationKey) async throws -> Bool { throw KserError.io("no window") }
    func insert(_ key: DeduplicationKey) async throws { throw KserError.io("no window") }
}

private struct Refusing: MessageProducer {
    let codec: any MessageCodec = JSONMessageCodec()
    let logger = KserLogger.none
    func send(_ record: ProducerRecord) async throws -> RecordMetadata { throw KserError.io("no such broker") }
}

private final class CountingCodec: MessageCodec {
    private let count = Atomic(0)
    var decodes: Int { count.load(ordering: .relaxed) }

    func encode(_ message: Message) throws -> [UInt8] { try JSONMessageCodec().encode(message) }

    func decode(_ bytes: [UInt8]) throws -> Message {
        count.add(1, ordering: .relaxed)
        return try JSONMessageCodec().decode(bytes)
    }
}
