import Kser
import KserTesting
import Synchronization
import Testing

/// What comes of a message and cannot be written, or that a topic never takes: it blocks nothing behind it.
@Suite(.timeLimit(.minutes(2))) struct RefusalTests {
    static let unwritable: [JSON] = [.double(.nan), (0..<600).reduce(JSON.array([])) { list, _ in .array([list]) }]

    @Test(arguments: unwritable, [Concurrency.partition, .key(limit: 4)])
    func aResultThatCannotBeWrittenIsTheHandlersFailure(value: JSON, concurrency: Concurrency) async throws {
        let bench = RefusalBench()
        try await bench.register { execution in
            execution.uuid == "u0" ? execution.result(retval: ["loss": value]) : execution.result(stdout: "done")
        }
        for number in 0..<3 { try await bench.send("u\(number)", key: [UInt8(number)]) }
        try await bench.run(bench.options(), concurrency) { bench.results.count == 3 }
        #expect(bench.committed == 3)
        #expect(bench.results["u0"]?.result.retcode == 400)
        #expect(bench.results["u0"]?.result.retval["error"]?["name"] == "ValidationError")
        #expect(bench.results["u1"]?.result.stdout == "done" && bench.results["u2"]?.result.stdout == "done")
        #expect(bench.runs.all == ["u0": 1, "u1": 1, "u2": 1])
    }

    @Test func aResultThatCannotBeWrittenGoesDownTheLadder() async throws {
        let bench = RefusalBench()
        try await bench.register { execution in
            execution.result(retval: ["loss": .double(execution.uuid == "u0" && execution.attempt < 3 ? .nan : 1)])
        }
        for number in 0..<2 { try await bench.send("u\(number)") }
        var options = bench.options(retries: RetryPolicy(inPlace: Backoff(retries: 5)))
        options.classifier = OutcomeClassifier { $0.result.isSuccess ? .success : .retry }
        try await bench.run(options) { bench.results.count == 2 }
        #expect(bench.runs.all == ["u0": 3, "u1": 1] && bench.committed == 2)
        #expect(bench.results["u0"]?.result.retcode == 0)
        options.classifier = nil
        try await bench.controller.register("broken") { (_: JSONObject, execution) in
            execution.result(retval: ["loss": .double(.infinity)])
        }
        try await bench.send("u2", to: "broken")
        try await bench.run(options) { bench.results.count == 3 }
        #expect(bench.committed == 3)
        #expect(bench.broker.records(in: "jobs-dlt").map { $0.text("kser_dlt-reason") } == ["rejected"])
    }

    @Test func aFailedResultThatCannotBeWrittenIsAnsweredAllTheSame() async throws {
        let bench = RefusalBench()
        try await bench.register { execution in
            ExecutionResult(uuid: execution.uuid, retcode: 512, stderr: "no", retval: ["loss": .double(.nan)])
        }
        try await bench.send("u0", params: ["a": 1])
        try await bench.run(bench.options()) { bench.results.count == 1 }
        #expect(bench.committed == 1)
        let result = try #require(bench.results["u0"]?.result)
        #expect(result.retcode == 512 && result.stderr.hasPrefix("no ("))
    }

    @Test func aReplyThatIsTooLargeIsASmallOneThatSaysSo() async throws {
        let bench = RefusalBench(Picky.limit("results", to: 1_500))
        try await bench.register { execution in
            execution.result(stdout: String(repeating: "x", count: execution.uuid == "u1" ? 2_000 : 1))
        }
        for number in 0..<3 { try await bench.send("u\(number)", params: ["a": 1]) }
        try await bench.run(bench.options()) { bench.results.count == 3 }
        #expect(bench.committed == 3)
        #expect(bench.results["u0"]?.result.stdout == "x" && bench.results["u2"]?.result.stdout == "x")
        let reply = try #require(bench.results["u1"])
        #expect(reply.entrypoint == "step" && reply.params.isEmpty && reply.result.retcode == 500)
        let text = reply.result.stderr
        #expect(text.contains(/the reply of 2\d\d\d bytes/) && text.contains("raise someSetting"), "\(text)")
        #expect(bench.runs.all == ["u0": 1, "u1": 1, "u2": 1])
        #expect(bench.outcomes.all == ["refused"])
    }

    /// Its own uuid is what makes even the small reply large.
    @Test func aUUIDOfAnySizeIsAnswered() async throws {
        let bench = RefusalBench(Picky.limit("results", to: 40_000))
        try await bench.register()
        try await bench.send(String(repeating: "u", count: 200_000))
        try await bench.send("u1")
        try await bench.run(bench.options()) { bench.results.count == 2 }
        #expect(bench.committed == 2)
    }

    @Test(arguments: [
        (9_000, 0, 0, 3_000, "error-text"), (9_000, 0, 0, 4_000, "error-text value"),
        (9_000, 9_000, 0, 4_000, "error-text value headers"),
        (9_000, 9_000, 9_000, 4_000, "error-text value headers key"),
    ])
    func aLetterIsCutUntilItFits(value: Int, header: Int, key: Int, limit: Int, cut: String) async throws {
        let bench = RefusalBench(Picky.limit("jobs-dlt", to: cut == "error-text" ? value + limit : limit))
        try await bench.register { execution in
            if execution.attempt < 9 { throw KserError.io(String(repeating: "e", count: 9_000)) }
            return execution.result()
        }
        try await bench.send(
            "u0",
            params: ["text": .string(String(repeating: "v", count: value))],
            key: Array(repeating: 7, count: max(1, key)),
            headers: [Record.Header("trace", Array(repeating: 8, count: header))]
        )
        let options = bench.options(retries: RetryPolicy(inPlace: .none))
        try await bench.run(options) { bench.results.count == 1 }
        #expect(bench.committed == 1)
        let letter = try #require(try await DeadLetters(in: bench.broker).list("jobs").first)
        #expect(letter.record.text("kser_dlt-cut") == cut && letter.cut == cut.split(separator: " ").map { String($0) })
        #expect(letter.uuid == "u0" && letter.entrypoint == "step" && letter.reason == .exhausted)
        #expect(letter.originalTopic == "jobs" && letter.originalPartition == 0 && letter.originalOffset == 0)
        #expect(letter.errorText == nil)
        #expect(letter.record.value?.isEmpty == cut.contains("value"))
        #expect(letter.record.headers.contains { $0.name == "trace" } != cut.contains("headers"))
        #expect((letter.record.key == nil) == cut.contains("key"))
        #expect(bench.outcomes.all.last == "given up exhausted")
        // What was cut is taken from where the letter says that it stands.
        let original = try #require(bench.broker.records(in: "jobs").first)
        let report = try await DeadLetters(in: bench.broker).replay("jobs", with: bench.broker.makeProducer())
        #expect(report.replayed == 1)
        let replayed = try #require(bench.broker.records(in: "jobs").last)
        #expect(replayed.offset == 1 && replayed.value == original.value && replayed.key == original.key)
        #expect(replayed.headers.first == original.headers.first && replayed.text("kser_replays") == "1")
    }

    @Test func aLetterWhoseOriginalIsGoneStays() async throws {
        let bench = RefusalBench()
        let names = ("kafka_dlt-original-topic", "kafka_dlt-original-partition", "kafka_dlt-original-offset")
        for offset in [Int64.min, -1, 5, .max] {
            let headers: [Record.Header] = [
                .init("kser_dlt-cut", text: "error-text value"), .init(names.0, text: "jobs"),
                .init(names.1, bigEndian: Int32(0)), .init(names.2, bigEndian: offset),
            ]
            try await bench.broker.makeProducer().send(ProducerRecord(topic: "jobs-dlt", value: [], headers: headers))
        }
        let report = try await DeadLetters(in: bench.broker).replay("jobs", with: bench.broker.makeProducer())
        #expect(report.unreadable == 4 && report.replayed == 0)
        #expect(bench.broker.records(in: "jobs").isEmpty)
    }

    @Test func aRetryThatIsTooLargeLosesItsErrorTextThenIsADeadLetter() async throws {
        let bench = RefusalBench(Picky.limit("jobs-retry-10000", to: 3_000))
        try await bench.register { execution in
            if execution.attempt == 1 { throw KserError.io(String(repeating: "e", count: 4_000)) }
            return execution.result()
        }
        let topics = RetryTopics([.seconds(10)], with: bench.producer)
        let options = bench.options(retries: RetryPolicy(inPlace: .none, topics: topics))
        try await bench.send("u0")
        try await bench.send("u1", params: ["text": .string(String(repeating: "v", count: 5_000))])
        try await bench.run(options) { bench.results.count == 2 }
        #expect(bench.committed == 2)
        #expect(bench.results["u0"]?.result.retcode == 0)
        #expect(bench.runs.all == ["u0": 2, "u1": 1])
        let letters = try await DeadLetters(in: bench.broker).list("jobs")
        #expect(letters.map(\.uuid) == ["u1"] && letters.map(\.reason) == [.tooLarge])
        #expect(try letters.first?.message().params["text"]?.string?.count == 5_000)
    }

    @Test(arguments: [(SendVerdict.refused, true), (.unknownTopic, true), (.tooLarge, true), (.unknownTopic, false)])
    func whatNobodyCanMendEndsTheWorkerWithThePlace(verdict: SendVerdict, isLetter: Bool) async throws {
        let topic = isLetter ? "jobs-dlt" : "results"
        let bench = RefusalBench { $0.topic == topic ? verdict : nil }
        try await bench.register()
        try await bench.send("u0", to: isLetter ? "nowhere" : "step")
        let error = await bench.end(of: bench.options()) as? KserError
        let text = error?.message ?? ""
        #expect(text.contains("jobs[0]@0") && text.contains("the broker refused it"), "\(text)")
        #expect(text.contains(isLetter ? "dead letter" : "reply"))
        #expect(error?.extra["topic"] == "jobs" && error?.extra["offset"] == 0 && error?.extra["uuid"] == "u0")
        #expect((error?.cause as? Refusal)?.verdict == verdict)
        #expect(bench.committed == nil)
        #expect(bench.outcomes.all.last == "refused")
    }

    @Test func aClosedProducerEndsTheWorker() async throws {
        let bench = RefusalBench { _ in .fatal }
        try await bench.register()
        try await bench.send("u0")
        #expect(await bench.end(of: bench.options()) is Refusal)
        #expect(bench.committed == nil)
    }

    /// One that is being made, say, or whose broker just started, after it was away for any time.
    @Test(arguments: [0, 14])
    func aTopicThatIsAwayForAWhileIsWaitedForAndNothingElseIsSentAgain(failures: Int) async throws {
        let bench = RefusalBench()
        let sends = Mutex(0)
        bench.producer.rule.withLock {
            $0 = { record in
                guard record.topic == "results" else { return nil }
                return sends.withLock { sends in
                    sends += 1
                    return sends <= failures ? .transient : sends <= failures + 6 ? .unknownTopic : nil
                }
            }
        }
        try await bench.send("u0", to: "nowhere")
        try await bench.run(bench.options()) { bench.results.count == 1 }
        #expect(bench.committed == 1)
        #expect(bench.producer.asked("results") == failures + 7)
        #expect(bench.producer.asked("jobs-dlt") == 1)
        #expect(bench.broker.records(in: "jobs-dlt").count == 1 && bench.broker.records(in: "results").count == 1)
    }

    @Test(arguments: [nil, RetryPolicy(inPlace: .none)] as [RetryPolicy?])
    func whatFailsInAPartitionThatWasTakenAwayIsLeftToItsNextOwner(retries: RetryPolicy?) async throws {
        let bench = RefusalBench()
        let begun = Requirement("begun")
        let gate = Gate()
        try await bench.register { _ in
            begun.fulfill()
            await gate.pass()
            throw KserError.io("no")
        }
        try await bench.send("u0")
        let consumer = bench.broker.makeConsumer(topics: ["jobs"], group: "g")
        let worker = Worker(consumer: consumer, controller: bench.controller, options: bench.options(retries: retries))
        let running = Task { try await worker.run() }
        try await begun.wait()
        consumer.stop()
        gate.open()
        try await running.value
        #expect(bench.committed == nil)
        #expect(bench.results.isEmpty && bench.broker.records(in: "jobs-dlt").isEmpty)
    }

    @Test(arguments: [238, 246, 250])
    func namesThatAreTooLongAreRefusedBeforeAnythingRuns(length: Int) async throws {
        let bench = RefusalBench()
        try await bench.register()
        let topic = String(repeating: "t", count: length)
        var options = bench.options(retries: RetryPolicy(topics: RetryTopics([.seconds(10)], with: bench.producer)))
        if length == 246 { options.retries = nil }
        if length == 250 {
            (options.retries, options.deadLetters) = (nil, nil)
            options.replies?.topic = topic
        }
        let worker = Worker(
            consumer: bench.broker.makeConsumer(topics: [length == 250 ? "jobs" : topic], group: "g"),
            controller: bench.controller,
            options: options
        )
        try await bench.broker.makeProducer().send(Message(entrypoint: "step"), to: length == 250 ? "jobs" : topic)
        let error = await #expect(throws: KserError.self) { try await worker.run() }
        #expect(error?.kind == .configuration && error?.message.contains("has 250") == true, "\(error as Any)")
        #expect(bench.runs.all.isEmpty)
    }
}
