import Kser
import KserTesting
import Testing

/// Pausing, cancelling, retrying, compensating, and what ends an operation early.
@Suite(.timeLimit(.minutes(1))) struct ControlTests {
    private let stage = Stage()
    private let begun = Requirement("the first task")
    private let gate = Gate()

    /// A task that waits for the gate.
    private func makeHeldStep() async throws -> ClusterStep {
        try await stage.step("Held") { [begun, gate] execution in
            begun.fulfill()
            await gate.pass()
            return execution.result(stdout: "held")
        }
    }

    @Test func aPausedOperationBeginsNoFurtherTaskUntilItIsResumed() async throws {
        let held = try await makeHeldStep()
        let next = try await stage.step("Next")
        let operation = ClusterSteps {
            TaskCall(held)
            TaskCall(next)
        }
        try await stage.withWorkers {
            let launched = try await operation.build().launch(on: stage.cluster)
            try await begun.wait(atMost: .seconds(30))
            try await launched.pause()
            try await launched.pause()
            gate.open()
            try await stage.settle()
            let paused = try await launched.record()
            #expect(paused.status == .paused)
            #expect(paused.tasks.map(\.status) == [.success, .pending])
            #expect(stage.journal.all == ["Held"])
            try await launched.resume()
            #expect(try await launched.result().stdout == "Next")
        }
        #expect(stage.journal.all == ["Held", "Next"])
    }

    @Test func aTaskWhoseMessageComesDuringAPauseRunsAfterIt() async throws {
        let step = try await stage.step("A")
        let launched = try await ClusterSteps { TaskCall(step) }.build().launch(on: stage.cluster)
        try await launched.pause()
        try await stage.withWorkers {
            try await stage.settle()
            #expect(stage.journal.all.isEmpty)
            try await launched.resume()
            #expect(try await launched.result().stdout == "A")
        }
        #expect(stage.journal.all == ["A"])
    }

    @Test func aCancelledOperationEndsAfterTheTaskInWork() async throws {
        let held = try await makeHeldStep()
        let operation = ClusterSteps {
            TaskCall(held)
            TaskCall(held)
        }
        try await stage.withWorkers {
            let launched = try await operation.build().launch(on: stage.cluster)
            try await begun.wait(atMost: .seconds(30))
            try await launched.cancel()
            #expect(try await launched.record().status == .cancelling)
            gate.open()
            let result = try await launched.result()
            #expect(result.retcode == 499)
            #expect(result.stderr == "Operation cancelled")
            #expect(try await launched.record().status == .cancelled)
        }
        #expect(stage.journal.all == ["Held"])
    }

    @Test func anOperationIsCancelledAtOnceWhenNoTaskIsInWork() async throws {
        let step = try await stage.step("A")
        let launched = try await ClusterSteps { TaskCall(step) }.build().launch(on: stage.cluster)
        try await launched.cancel()
        try await launched.cancel()
        #expect(try await launched.record().status == .cancelled)
        try await stage.withWorkers { try await stage.settle() }
        #expect(stage.journal.all.isEmpty)
    }

    @Test func retryingBeginsWithTheTaskThatFailed() async throws {
        let a = try await stage.step("A")
        let b = try await stage.step("B") { execution in
            if stage.journal.all.count(where: { $0 == "B" }) == 1 { throw KserError.io("disk") }
            return execution.result(stdout: "B", retval: ["B": true])
        }
        let operation = ClusterSteps {
            TaskCall(a)
            TaskCall(b)
            TaskCall(a)
        }
        let result = try await stage.withWorkers {
            let launched = try await operation.build().launch(on: stage.cluster)
            #expect(try await launched.result().stderr == "disk")
            try await launched.retry()
            return try await launched.result()
        }
        #expect(result.retcode == 0)
        #expect(result.retval == ["A": true, "B": true])
        #expect(stage.journal.all == ["A", "B", "B", "A"])
    }

    @Test func whatSucceededIsCompensatedInReverse() async throws {
        let a = try await stage.step("A")
        let b = try await stage.step("B")
        let broken = try await stage.step("Broken") { _ in throw KserError.io("disk") }
        var operation = ClusterSteps {
            TaskCall(a)
            TaskCall(b)
            TaskCall(broken)
        }
        operation.compensatesOnFailure = true
        try await stage.controller.register(operation)
        let launched = try await stage.withWorkers {
            let launched = try await operation.build().launch(on: stage.cluster)
            #expect(try await launched.result().stderr == "disk")
            return launched
        }
        #expect(stage.journal.all == ["A", "B", "Broken", "undo B: B", "undo A: A"])
        let record = try await launched.record()
        #expect(record.status == .failed)
        #expect(record.tasks.map(\.status) == [.compensated, .compensated, .failed])
        #expect(operation.journal.all == ["PENDING -> RUNNING", "COMPENSATING -> FAILED", "error 500"])

        // In process it goes the same way.
        let run = await operation.build(logger: .none)
        #expect(await run.execute().stderr == "disk")
        #expect(stage.journal.all.suffix(5) == stage.journal.all.prefix(5))
        #expect(run.tasks.map(\.status) == [.compensated, .compensated, .pending])
    }

    @Test func aCompensationThatFailsKeepsNoOtherFromItsTurn() async throws {
        let a = try await stage.step("A")
        var b = try await stage.step("B")
        b.undo = { _ in throw KserError.io("gone") }
        try await stage.controller.register(b)
        let broken = try await stage.step("Broken") { _ in throw KserError.io("disk") }
        var operation = ClusterSteps { [b] in
            TaskCall(a)
            TaskCall(b)
            TaskCall(broken)
        }
        operation.compensatesOnFailure = true
        let launched = try await stage.withWorkers {
            let launched = try await operation.build().launch(on: stage.cluster)
            #expect(try await launched.result().stderr == "disk")
            return launched
        }
        #expect(stage.journal.all == ["A", "B", "Broken", "undo B: B", "undo A: A"])
        #expect(try await launched.record().tasks.map(\.status) == [.compensated, .uncompensated, .failed])
    }

    @Test func aCancelledOperationIsCompensatedToo() async throws {
        let a = try await stage.step("A")
        let held = try await makeHeldStep()
        var operation = ClusterSteps {
            TaskCall(a)
            TaskCall(held)
            TaskCall(a)
        }
        operation.compensatesOnFailure = true
        try await stage.withWorkers {
            let launched = try await operation.build().launch(on: stage.cluster)
            try await begun.wait(atMost: .seconds(30))
            try await launched.cancel()
            gate.open()
            _ = try await launched.result()
            #expect(try await launched.record().status == .cancelled)
        }
        #expect(stage.journal.all == ["A", "Held", "undo Held: held", "undo A: A"])
    }

    @Test func whatIsPastItsTimeLimitFails() async throws {
        var stage = stage
        stage.cluster = stage.withManualClock
        let a = try await stage.step("A")
        var operation = ClusterSteps {
            TaskCall(a)
            TaskCall(a)
        }
        operation.timeLimit = .seconds(60)
        let launched = try await operation.build().launch(on: stage.cluster)
        stage.clock.advance(by: .seconds(60))
        try await stage.withWorkers { try await stage.settle() }
        let record = try await launched.record()
        #expect(record.status == .failed)
        #expect(record.result?.retcode == 504)
        #expect(stage.journal.all.isEmpty)

        try await stage.withWorkers {
            try await launched.retry()
            try await stage.waitForNote("A")
            try await stage.settle()
            try await stage.settle()
        }
        #expect(try await launched.record().status == .success)
    }

    @Test func aTaskIsCancelledWhenTheTimeOfItsOperationIsOver() async throws {
        let endless = try await stage.step("Endless") { execution in
            try await Task.sleep(for: .seconds(3_600))
            return execution.result()
        }
        var operation = ClusterSteps { TaskCall(endless) }
        operation.timeLimit = .milliseconds(300)
        let result = try await stage.withWorkers {
            try await operation.build().launch(on: stage.cluster).result()
        }
        #expect(result.retcode == 504)
    }

    @Test func whatTheStatusDoesNotAllowIsRefused() async throws {
        let a = try await stage.step("A")
        let launched = try await stage.withWorkers {
            let launched = try await ClusterSteps { TaskCall(a) }.build().launch(on: stage.cluster)
            _ = try await launched.result()
            return launched
        }
        for call in [launched.pause, launched.resume, { try await launched.cancel() }, launched.retry] {
            await #expect(throws: StoreError.self) { try await call() }
        }
        let error = await #expect(throws: StoreError.self) { try await launched.retry() }
        #expect(error?.code == .invalidTransition)
        #expect(error?.uuid == launched.uuid)
        #expect(error?.message == "An operation that is SUCCESS cannot be retried; it has to be FAILED or CANCELLED")
        let missing = await #expect(throws: StoreError.self) { try await stage.cluster.operation("none").pause() }
        #expect(missing?.code == .notFound)
    }

    @Test func whatCannotBeLaunchedIsRefused() async throws {
        let a = try await stage.step("A")
        let empty = await #expect(throws: KserError.self) {
            try await ClusterSteps {}.build(logger: .none).launch(on: stage.cluster)
        }
        #expect(empty.map { ExecutionResult.from($0).retcode } == 1)
        #expect(empty?.message == "Nothing to do, empty operation !")

        let twice = await ClusterSteps {
            TaskCall(a, uuid: "1")
            TaskCall(a, uuid: "1")
        }.build(logger: .none)
        await #expect(throws: KserError.self) { try await twice.launch(on: stage.cluster) }

        let run = await ClusterSteps { TaskCall(a) }.build(uuid: "o", logger: .none)
        try await run.launch(on: stage.cluster)
        let duplicate = await #expect(throws: StoreError.self) { try await run.launch(on: stage.cluster) }
        #expect(duplicate?.code == .duplicate)

        let nested = await ClusterSteps {
            TaskCall.concurrent { TaskCall.concurrent { TaskCall(a) } }
        }.build(logger: .none)
        await #expect(throws: KserError.self) { try await nested.launch(on: stage.cluster) }
    }

    @Test func anUnknownEntrypointFailsTheOperationAndIsADeadLetter() async throws {
        let unknown = ClusterStep("Unknown", stage.journal)
        let options = WorkerOptions(deadLetters: DeadLetterTopic(with: stage.broker.makeProducer()))
        let result = try await stage.withWorkers(options: options) {
            try await ClusterSteps { TaskCall(unknown) }.build().launch(on: stage.cluster).result()
        }
        #expect(result.stderr == "Entrypoint 'test.Unknown' not registred")
        #expect(stage.broker.records(in: "jobs-dlt").count == 1)
    }

    @Test func aTaskThatIsMissingFromTheStoreIsNamed() async throws {
        let a = try await stage.step("A")
        let producer = stage.broker.makeProducer()
        let launched = try await ClusterSteps { TaskCall(a) }.build().launch(on: stage.cluster)
        for (uuid, operation) in [("t1", "pruned"), ("t2", launched.uuid)] {
            let ticket: JSON = ["uuid": .string(operation), "round": 1]
            try await producer.send(
                Message(uuid: uuid, entrypoint: a.path, metadata: ["kser.operation": ticket]),
                to: "jobs"
            )
        }
        let options = WorkerOptions(replies: Replies(to: "results", with: producer))
        try await stage.withWorkers(options: options) { try await stage.settle() }
        let results = try stage.broker.records(in: "results").map { try JSONMessageCodec().decode($0.value ?? []) }
        let missing = results.filter { $0.uuid.hasPrefix("t") }.map(\.result)
        #expect(missing.map(\.retcode) == [404, 404])
        #expect(missing.first?.retval["error"]?["extra"]?["operation"] == "pruned")
        #expect(missing.last?.stderr.contains("t2") == true)
        #expect(stage.journal.all == ["A"])
    }

    @Test func aTaskThatIsTriedAgainIsRecordedOnce() async throws {
        let flaky = try await stage.step("Flaky") { execution in
            if execution.attempt < 3 { throw KserError.io("not yet") }
            return execution.result(stdout: "attempt \(execution.attempt)")
        }
        var options = stage.options
        options.retries = RetryPolicy(inPlace: Backoff(retries: 3, initial: .seconds(1)))
        try await stage.withWorkers(options: options) {
            let launched = try await ClusterSteps { TaskCall(flaky) }.build().launch(on: stage.cluster)
            try await stage.clock.skip(atMost: .seconds(30))
            try await stage.clock.skip(atMost: .seconds(30))
            #expect(try await launched.result().stdout == "attempt 3")
            #expect(try await launched.record().tasks[0].attempts == 3)
        }
    }

    @Test func aTaskKeepsItsTurnInARetryTopic() async throws {
        var stage = stage
        let flaky = try await stage.step("Flaky") { execution in
            if execution.attempt < 2 { throw KserError.io("not yet") }
            return execution.result(stdout: "attempt \(execution.attempt)")
        }
        let last = try await stage.step("Last") { execution in
            execution.result(stdout: "\(execution.result.stdout), last")
        }
        let topics = RetryTopics([.seconds(10)], with: stage.broker.makeProducer())
        stage.topics += topics.names(for: "jobs")
        var options = stage.options
        options.retries = RetryPolicy(inPlace: Backoff(retries: 0), topics: topics)
        try await stage.withWorkers(options: options) {
            let launched = try await ClusterSteps {
                TaskCall(flaky)
                TaskCall(last)
            }.build().launch(on: stage.cluster)
            try await stage.clock.skip(atMost: .seconds(30))
            #expect(try await launched.result().stdout == "attempt 2, last")
            #expect(try await launched.record().tasks.map(\.attempts) == [2, 1])
        }
        #expect(stage.journal.all == ["Flaky", "Flaky", "Last"])
    }

    @Test func anOperationWhoseMessageIsLostIsSentAgain() async throws {
        let a = try await stage.step("A")
        let launched = try await ClusterSteps {
            TaskCall(a)
            TaskCall(a)
        }.build().launch(on: stage.cluster)
        try await launched.resend()
        #expect(stage.broker.records(in: "jobs").count == 2)
        let result = try await stage.withWorkers { try await launched.result() }
        #expect(result.retcode == 0)
        #expect(try await launched.record().tasks[0].owner == "jobs[0]@1")
        #expect(stage.journal.all == ["A", "A"])
        await #expect(throws: StoreError.self) { try await launched.resend() }
    }

    @Test func messagesOfAnEarlierRoundCountNoMore() async throws {
        let a = try await stage.step("A") { execution in
            execution.result(retcode: stage.journal.all.count == 1 ? 1 : 0)
        }
        let launched = try await stage.withWorkers {
            let launched = try await ClusterSteps { TaskCall(a) }.build().launch(on: stage.cluster)
            _ = try await launched.result()
            return launched
        }
        try await launched.retry()
        // A group that has not committed anything gets the message of the first round before that of the second.
        var again = stage
        again.group = "again"
        let result = try await again.withWorkers { try await launched.result() }
        #expect(result.retcode == 0)
        #expect(try await launched.record().tasks[0].owner == "jobs[0]@1")
        #expect(stage.journal.all == ["A", "A"])
    }
}
