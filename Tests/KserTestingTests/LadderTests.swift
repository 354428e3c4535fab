import Kser
import KserTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct LadderTests {
    private let bench = RetryBench()

    /// In-place pauses, then the delays of the two retry topics.
    private static let delays: [Duration] = [
        .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(500), .seconds(10), .seconds(60),
    ]

    @Test(arguments: 1...6, [Concurrency.partition, .key(limit: 4), .unordered(limit: 4)])
    func aHandlerThatFailsKTimesSucceedsOnTheNextAttempt(failures: Int, concurrency: Concurrency) async throws {
        try await bench.register(failing: failures)
        try await bench.send(key: "k")
        try await bench.withWorker(concurrency, options: bench.options()) {
            for (index, delay) in Self.delays.prefix(failures).enumerated() {
                #expect(try await bench.clock.skip() == delay, "before attempt \(index + 2)")
            }
            try await bench.succeeded.wait()
            try await bench.replied.wait()
        }
        #expect(bench.attempts == Array(1...failures + 1))
        #expect(bench.broker.records(in: "jobs-dlt").isEmpty)
        #expect(bench.broker.records(in: "jobs-retry-10000").count == (failures > 4 ? 1 : 0))
        #expect(bench.broker.records(in: "jobs-retry-60000").count == (failures > 5 ? 1 : 0))
        #expect(bench.replied.count == 1)
        #expect(bench.committed("jobs") == 1)
        if failures > 4 { #expect(bench.committed("jobs-retry-10000") == 1) }
        if failures > 5 { #expect(bench.committed("jobs-retry-60000") == 1) }
    }

    @Test func atItsEndIsTheDeadLetterTopicOnce() async throws {
        try await bench.register(failing: .max)
        let sent = try await bench.send(key: "k", headers: [Record.Header("trace", text: "t1")], timestamp: 42)
        let begin = bench.clock.now
        try await bench.withWorker(options: bench.options()) {
            for delay in Self.delays { #expect(try await bench.clock.skip() == delay) }
            try await bench.replied.wait()
        }
        #expect(bench.attempts == Array(1...7))
        #expect(bench.replied.count == 1)
        #expect(bench.committed("jobs-retry-60000") == 1)
        let letters = bench.broker.records(in: "jobs-dlt")
        #expect(letters.count == 1)
        let letter = try #require(letters.first)
        #expect(letter.key == sent.key)
        #expect(letter.value == sent.value)
        #expect(letter.headers.first == Record.Header("trace", text: "t1"))
        #expect(Set(letter.headers.map(\.name)).count == letter.headers.count)
        #expect(letter.text("kafka_dlt-original-topic") == "jobs")
        #expect(letter.bytes("kafka_dlt-original-partition") == [0, 0, 0, 0])
        #expect(letter.bytes("kafka_dlt-original-offset") == [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(letter.bytes("kafka_dlt-original-timestamp") == [0, 0, 0, 0, 0, 0, 0, 42])
        #expect(letter.text("kafka_dlt-original-consumer-group") == "g")
        #expect(letter.text("kafka_dlt-exception-fqcn") == "IOError")
        #expect(letter.text("kafka_dlt-exception-message") == "disk full")
        #expect(letter.bytes("kafka_retry_topic-attempts") == [0, 0, 0, 7])
        #expect(letter.text("kser_dlt-reason") == "exhausted")
        #expect(letter.text("kser_uuid") == "u1")
        #expect(letter.text("kser_entrypoint") == "step")
        #expect(letter.text("kser_error-code") == "500")
        #expect(letter.text("kser_first-failure-timestamp") == "\(begin)")
    }

    @Test func retryRecordsSayWhereTheyComeFromAndWhenTheyAreDue() async throws {
        try await bench.register(failing: 1)
        let sent = try await bench.send(key: "k", headers: [Record.Header("trace", text: "t1")])
        let begin = bench.clock.now
        try await bench.withWorker(options: bench.options(inPlace: .none)) {
            try await bench.clock.waitForSleepers()
            let record = try #require(bench.broker.records(in: "jobs-retry-10000").first)
            #expect(record.value == sent.value)
            #expect(record.key == sent.key)
            #expect(record.headers.first == Record.Header("trace", text: "t1"))
            #expect(record.text("kafka_original-topic") == "jobs")
            #expect(record.bytes("kafka_retry_topic-attempts") == [0, 0, 0, 1])
            let due = record.bytes("kafka_retry_topic-backoff-timestamp").reduce(Int64(0)) { $0 << 8 | Int64($1) }
            #expect(due == begin + 10_000)
            #expect(bench.replied.count == 0)
            try await bench.clock.skip()
            try await bench.succeeded.wait()
        }
    }

    @Test(arguments: [(400, "rejected"), (404, "rejected"), (501, "rejected")])
    func whatTryingAgainDoesNotMendIsADeadLetterAtOnce(code: Int, reason: String) async throws {
        try await bench.register(failing: .max, code: code)
        try await bench.send()
        try await bench.withWorker(options: bench.options()) { try await bench.replied.wait() }
        #expect(bench.attempts == [1])
        #expect(bench.broker.records(in: "jobs-dlt").first?.text("kser_dlt-reason") == reason)
        #expect(bench.committed("jobs") == 1)
    }

    @Test func aTimeLimitIsTriedAgain() async throws {
        try await bench.controller.register(Slow(), as: "step")
        try await bench.send()
        try await bench.withWorker(options: bench.options(inPlace: Backoff(retries: 1, jitter: 0), topics: [])) {
            #expect(try await bench.clock.skip() == .milliseconds(100))
            try await bench.replied.wait()
        }
        let letter = bench.broker.records(in: "jobs-dlt").first
        #expect(letter?.text("kser_error-code") == "504")
        #expect(letter?.text("kser_dlt-reason") == "exhausted")
    }

    @Test func withoutAPolicyAFailedTaskIsAnsweredAndDone() async throws {
        try await bench.register(failing: .max)
        try await bench.send()
        var options = bench.options()
        options.retries = nil
        try await bench.withWorker(options: options) { try await bench.replied.wait() }
        #expect(bench.attempts == [1])
        #expect(bench.broker.records(in: "jobs-dlt").isEmpty)
        #expect(bench.committed("jobs") == 1)
    }

    @Test func theClassifierDecides() async throws {
        try await bench.register(failing: 2, code: 404)
        try await bench.send()
        var options = bench.options()
        options.classifier = OutcomeClassifier { dispatch in
            dispatch.result.retcode == 404 ? .interrupted : OutcomeClassifier.byCode(dispatch)
        }
        try await bench.withWorker(options: options) {
            try await bench.clock.skip()
            try await bench.clock.skip()
            try await bench.replied.wait()
        }
        #expect(bench.attempts == [1, 1, 1])
        #expect(bench.committed("jobs") == 1)
    }
}

private struct Slow: Entrypoint {
    var timeLimit: Duration? { .milliseconds(1) }
    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        await Gate().passOrCancel()
        try Task.checkCancellation()
        return execution.result()
    }
}

extension Gate {
    /// Waits for the cancellation of the task.
    fileprivate func passOrCancel() async {
        await withTaskCancellationHandler {
            await pass()
        } onCancel: {
            open()
        }
    }
}
