import Kser
import KserTesting
import Synchronization
import Testing

/// Who waits for a retry, and what ends the wait.
@Suite(.timeLimit(.minutes(1))) struct LadderOrderTests {
    private let bench = RetryBench()
    private let seen = Seen()

    @Test func inKeyModeOnlyTheKeysLaneWaits() async throws {
        let others = Requirement("the other key", count: 3)
        let all = Requirement("all", count: 6)
        try await registerStep { key, attempt in
            if key == "a0", attempt < 3 { throw KserError.io() }
            if key.hasPrefix("b") { others.fulfill() }
            all.fulfill()
        }
        for number in 0..<3 { for key in ["a", "b"] { try await send("\(key)\(number)", key: key) } }
        // One place for handlers: a lane that waits must not keep it.
        try await bench.withWorker(.key(limit: 1), options: bench.options()) {
            try await others.wait()
            #expect(seen.keys.filter { $0.hasPrefix("a") } == ["a0"])
            try await bench.clock.skip()
            try await bench.clock.skip()
            try await all.wait()
        }
        #expect(seen.keys.filter { $0.hasPrefix("a") } == ["a0", "a0", "a0", "a1", "a2"])
        #expect(bench.committed("jobs") == 6)
    }

    @Test func inPartitionModeThePartitionKeepsItsOrder() async throws {
        let all = Requirement("all", count: 3)
        try await registerStep { key, attempt in
            if key == "a", attempt == 1 { throw KserError.io() }
            all.fulfill()
        }
        for key in ["a", "b", "c"] { try await send(key) }
        try await bench.withWorker(options: bench.options()) {
            try await bench.clock.skip()
            try await all.wait()
        }
        #expect(seen.keys == ["a", "a", "b", "c"])
    }

    @Test func aRecordInARetryTopicHoldsUpNoOther() async throws {
        let others = Requirement("the others", count: 2)
        let failed = Requirement("the retry")
        try await registerStep { key, attempt in
            if key == "a", attempt == 1 { throw KserError.io() }
            if key == "a" { failed.fulfill() } else { others.fulfill() }
        }
        for key in ["a", "b", "c"] { try await send(key) }
        try await bench.withWorker(options: bench.options(inPlace: .none)) {
            try await others.wait()
            try await bench.clock.waitForSleepers()
            bench.clock.advance(by: .milliseconds(9_999))
            #expect(failed.count == 0)
            bench.clock.advance(by: .milliseconds(1))
            try await failed.wait()
        }
        #expect(seen.keys == ["a", "b", "c", "a"])
    }

    @Test(arguments: [Backoff.none, Backoff(retries: 4, jitter: 0)], [true, false])
    func whatWaitsWhenTheWorkerEndsIsInterrupted(inPlace: Backoff, byCancelling: Bool) async throws {
        try await bench.register(failing: .max)
        try await bench.send()
        let options = bench.options(inPlace: inPlace)
        let worker = bench.worker(options: options)
        let running = Task { try await worker.run() }
        try await bench.clock.waitForSleepers()
        if byCancelling { running.cancel() } else { await worker.shutdown() }
        try await running.value
        #expect(bench.clock.sleeping == 0)
        #expect(bench.attempts == [1])
        #expect(bench.broker.records(in: "jobs-dlt").isEmpty)
        #expect(bench.replied.count == 0)
        let waitsIn = inPlace.retries == 0 ? "jobs-retry-10000" : "jobs"
        #expect(bench.committed(waitsIn) == nil)
        // No attempt is used: the next worker tries it as the last one would have.
        try await bench.withWorker(options: options) {
            if inPlace.retries == 0 { try await bench.clock.skip() }
            try await bench.clock.waitForSleepers()
        }
        #expect(bench.attempts == (inPlace.retries == 0 ? [1, 2] : [1, 1]))
    }

    @Test func whatWaitsInAPartitionThatIsRevokedGoesToItsNextOwner() async throws {
        let first = Requirement("a try of each partition", count: 2)
        let moved = Requirement("a try by the next owner", count: 3)
        let attempts = Mutex<Set<Int>>([])
        try await bench.controller.register("step") { (_: JSONObject, execution) in
            attempts.withLock { _ = $0.insert(execution.attempt) }
            first.fulfill()
            moved.fulfill()
            throw KserError.io()
        }
        bench.broker.createTopic("jobs", partitions: 2)
        for _ in 0..<2 { try await bench.send() }
        #expect(Set(bench.broker.records(in: "jobs").map(\.partition)) == [0, 1])
        let options = bench.options()
        try await bench.withWorker(options: options) {
            try await first.wait()
            try await bench.clock.waitForSleepers(2)
            try await bench.withWorker(options: options) { try await moved.wait() }
        }
        #expect(attempts.withLock { $0 } == [1])
        #expect(bench.broker.records(in: "jobs-dlt").isEmpty)
        #expect(bench.committed("jobs") == nil)
        #expect(bench.clock.sleeping == 0)
    }

    @Test(arguments: [Concurrency.partition, .key(limit: 2), .unordered(limit: 2)])
    func cancellationNeverMakesADeadLetter(concurrency: Concurrency) async throws {
        let begun = Requirement("begun")
        try await bench.controller.register("step") { (_: JSONObject, _) in
            begun.fulfill()
            let gate = Gate()
            await withTaskCancellationHandler {
                await gate.pass()
            } onCancel: {
                gate.open()
            }
            throw KserError.validation("interrupted, and this is how it looks")
        }
        try await bench.send(key: "k")
        let options = bench.options(inPlace: .none, topics: [])
        let worker = bench.worker(concurrency, options: options)
        let running = Task { try await worker.run() }
        try await begun.wait()
        running.cancel()
        try await running.value
        #expect(bench.committed("jobs") == nil)
        #expect(bench.broker.records(in: "jobs-dlt").isEmpty)
        #expect(bench.replied.count == 0)
    }

    @Test(arguments: [true, false])
    func aSendThatFailsHoldsTheCommitBack(toRetryTopic: Bool) async throws {
        let failing = Failing(bench.broker.makeProducer(), failures: 3)
        try await bench.register(failing: toRetryTopic ? 1 : .max)
        try await bench.send()
        let options = bench.options(inPlace: .none, topics: toRetryTopic ? [.seconds(10)] : [], with: failing)
        try await bench.withWorker(options: options) {
            for _ in 0..<2 {
                try await bench.clock.waitForSleepers()
                #expect(bench.committed("jobs") == nil)
                #expect(bench.replied.count == 0)
                try await bench.clock.skip()
            }
            if toRetryTopic {
                // It is due when it would have been had the first send gone well.
                #expect(try await bench.clock.skip() == .milliseconds(9_700))
                try await bench.succeeded.wait()
            }
            try await bench.replied.wait()
        }
        #expect(bench.replied.count == 1)
        #expect(bench.committed("jobs") == 1)
        #expect(bench.broker.records(in: toRetryTopic ? "jobs-retry-10000" : "jobs-dlt").count == 1)
    }

    @Test func aSendThatKeepsFailingLeavesTheRecordToTheNextOwner() async throws {
        let failing = Failing(bench.broker.makeProducer(), failures: .max)
        try await bench.register(failing: .max)
        try await bench.send()
        try await bench.withWorker(options: bench.options(inPlace: .none, topics: [], with: failing)) {
            for _ in 0..<5 { try await bench.clock.skip() }
        }
        #expect(bench.committed("jobs") == nil)
    }

    private func registerStep(_ body: @escaping @Sendable (String, Int) async throws -> Void) async throws {
        try await bench.controller.register("note") { [seen] (parameters: [String: String], execution) in
            let name = parameters["name"] ?? ""
            seen.note(name)
            try await body(name, execution.attempt)
        }
    }

    private func send(_ name: String, key: String? = nil) async throws {
        let message = Message(entrypoint: "note", params: ["name": .string(name)])
        try await bench.broker.makeProducer().send(message, to: "jobs", key: key.map { Array($0.utf8) })
    }
}

private final class Seen: Sendable {
    private let names = Mutex<[String]>([])
    var keys: [String] { names.withLock { $0 } }
    func note(_ name: String) { names.withLock { $0.append(name) } }
}

/// Fails some times before it sends.
private final class Failing: MessageProducer {
    let codec: any MessageCodec = JSONMessageCodec()
    let logger = KserLogger.none
    private let producer: InMemoryProducer
    private let left: Mutex<Int>

    init(_ producer: InMemoryProducer, failures: Int) {
        self.producer = producer
        left = Mutex(failures)
    }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        let fails = left.withLock { left in
            defer { left -= left > 0 ? 1 : 0 }
            return left > 0
        }
        if fails { throw KserError.io("no such broker") }
        return try await producer.send(record)
    }
}
