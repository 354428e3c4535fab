import Kser
import KserTesting
import Synchronization
import Testing

/// Of a task that runs twice, one run counts.
@Suite(.timeLimit(.minutes(1))) struct FencingTests {
    private let stage = Stage()

    /// Two workers that both believe they own the partition: what the earlier attempt gives counts no more, however it
    /// ends and when.
    @Test(arguments: [true, false]) func theEarlierOfTwoOwnersEndsNothing(_ fails: Bool) async throws {
        let gates = [Gate(), Gate()]
        let attempts = Mutex(0)
        let held = try await stage.step("Held") { execution in
            let number = attempts.withLock { number in
                number += 1
                return number
            }
            stage.journal.note("attempt \(number)")
            await gates[number - 1].pass()
            if number == 1, fails { throw KserError.io("too late") }
            return execution.result(stdout: "attempt \(number)")
        }
        let next = try await stage.step("Next") { execution in
            execution.result(stdout: "\(execution.result.stdout), next")
        }
        let launched = try await ClusterSteps {
            TaskCall(held)
            TaskCall(next)
        }.build().launch(on: stage.cluster)
        var other = stage
        other.group = "zombies"
        let zombie = other.makeWorker(
            options: WorkerOptions(deadLetters: DeadLetterTopic(with: stage.broker.makeProducer()))
        )
        async let haunting: Void = zombie.run()
        try await stage.journal.wait(for: "attempt 1")
        try await stage.withWorkers {
            try await stage.journal.wait(for: "attempt 2")
            gates[0].open()
            try await other.settle()
            let record = try await launched.record()
            #expect(record.status == .running)
            #expect(record.tasks.map(\.status) == [.running, .pending])
            gates[1].open()
            #expect(try await launched.result().stdout == "attempt 2, next")
        }
        await zombie.shutdown()
        try await haunting
        #expect(try await launched.record().tasks.map(\.attempts).first == 2)
        #expect(stage.journal.all.count { $0 == "Next" } == 1)
    }

    @Test func aRecordInARetryTopicDoesNotTakeTheTaskFromWhoRunsIt() async throws {
        let gate = Gate()
        let held = try await stage.step("Held") { execution in
            await gate.pass()
            return execution.result()
        }
        var stage = stage
        let topics = RetryTopics([.seconds(10)], with: stage.broker.makeProducer())
        stage.topics += topics.names(for: "jobs")
        var options = stage.options
        options.retries = RetryPolicy(inPlace: Backoff(retries: 0), topics: topics)
        let launched = try await ClusterSteps { TaskCall(held) }.build().launch(on: stage.cluster)
        let original = try #require(stage.broker.records(in: "jobs").first)
        try await stage.withWorkers(options: options) {
            defer { gate.open() }
            try await stage.waitForNote("Held")
            // What the worker before sent to the retry topic, or what somebody makes up.
            let headers = [
                Record.Header(LetterHeader.Origin.retry.topic, text: "jobs"),
                Record.Header(LetterHeader.Origin.retry.partition, bigEndian: Int32(0)),
                Record.Header(LetterHeader.Origin.retry.offset, bigEndian: Int64(0)),
                Record.Header(LetterHeader.rung, text: "1"),
            ]
            try await stage.broker.makeProducer().send(
                ProducerRecord(topic: "jobs-retry-10000", value: original.value, headers: headers)
            )
            try await stage.broker.makeProducer().send(Message(entrypoint: "mark"), to: "jobs-retry-10000")
            let seen = Requirement("the record behind it")
            try await stage.controller.register("mark") { (_: JSONObject, _) in seen.fulfill() }
            try await seen.wait(atMost: .seconds(30))
            #expect(stage.journal.all == ["Held"])
            gate.open()
            _ = try await launched.result()
        }
        #expect(try await launched.record().tasks[0].attempts == 1)
    }

    @Test func aTaskInARetryTopicIsTakenByWhicheverRecordComesFirst() async throws {
        let journal = stage.journal
        var stage = stage
        let flaky = try await stage.step("Flaky") { execution in
            if journal.all.count == 1 { throw KserError.io("not yet") }
            return execution.result(stdout: "done")
        }
        let topics = RetryTopics([.seconds(10)], with: stage.broker.makeProducer())
        stage.topics += topics.names(for: "jobs")
        var options = stage.options
        options.retries = RetryPolicy(inPlace: Backoff(retries: 0), topics: topics)
        let launched = try await ClusterSteps { TaskCall(flaky) }.build().launch(on: stage.cluster)
        try await stage.withWorkers(options: options) {
            try await stage.clock.waitForSleepers(atMost: .seconds(30))
            #expect(stage.broker.records(in: "jobs-retry-10000").count == 1)
            let waiting = try await launched.record().tasks[0]
            #expect(waiting.status == .pending)
            #expect(waiting.owner == nil)
            // The worker died before the record's offset was committed: it comes again.
            var again = stage
            (again.group, again.topics) = ("again", ["jobs"])
            let result = try await again.withWorkers { try await launched.result() }
            #expect(result.stdout == "done")
            try await stage.clock.skip(atMost: .seconds(30))
            try await stage.settle()
        }
        #expect(stage.journal.all == ["Flaky", "Flaky"])
    }
}
