import KserTesting
import Synchronization
import Testing

@testable import Kser

/// How operations end: what is recorded, who is told, and what may be done then.
@Suite(.timeLimit(.minutes(1))) struct OperationEndTests {
    private let stage = Stage()

    @Test func nobodyCanCancelAnOperationWhoseSuccessIsBeingTold() async throws {
        let a = try await stage.step("A")
        let gate = Gate()
        let telling = Requirement("onSuccess")
        let operation = Told(step: a, gate: gate, telling: telling)
        try await stage.controller.register(operation)
        try await stage.withWorkers {
            let launched = try await operation.build().launch(on: stage.cluster)
            try await telling.wait(atMost: .seconds(30))
            let head = try await launched.head()
            #expect(!head.isEnded)
            #expect(head.hook == .success)
            for call in [{ try await launched.cancel() }, launched.pause, launched.retry] {
                let error = await #expect(throws: StoreError.self) { try await call() }
                #expect(error?.code == .invalidTransition)
            }
            gate.open()
            #expect(try await launched.result().stdout == "told")
            #expect(try await launched.head().status == .success)
        }
    }

    @Test func hooksAreCalledAgainWhenTheirWorkerDied() async throws {
        let a = try await stage.step("A")
        let gate = Gate()
        let telling = Requirement("onSuccess")
        let operation = Told(step: a, gate: gate, telling: telling)
        try await stage.controller.register(operation)
        let launched = try await operation.build().launch(on: stage.cluster)
        let worker = stage.makeWorker()
        let running = Task { try await worker.run() }
        try await telling.wait(atMost: .seconds(30))
        stage.store.failure = StoreError(.unavailable, "down")
        running.cancel()
        gate.open()
        _ = await running.result
        stage.store.failure = nil
        #expect(try await launched.head().hook == .success)
        let result = try await stage.withWorkers { try await launched.result() }
        #expect(result.stdout == "told")
        #expect(operation.count.value == 2)
        #expect(stage.journal.all == ["A"])
    }

    @Test func whatCouldNotBeCompensatedIsCompensatedAgainAndNotRunAgain() async throws {
        let isStuck = Mutex(true)
        var a = ClusterStep("A", stage.journal)
        a.undo = { _ in if isStuck.withLock({ $0 }) { throw KserError.io("stuck") } }
        let step = a
        try await stage.controller.register(step)
        let broken = try await stage.step("Broken") { execution in
            if isStuck.withLock({ $0 }) { throw KserError.io("disk") }
            return execution.result()
        }
        var operation = ClusterSteps {
            TaskCall(step)
            TaskCall(broken)
        }
        operation.compensatesOnFailure = true
        try await stage.withWorkers {
            let launched = try await operation.build().launch(on: stage.cluster)
            _ = try await launched.result()
            #expect(try await launched.head().uncompensated == 1)
            let list = try await stage.store.operations(matching: StoreQuery())
            #expect(list.map(\.uncompensated) == [1])
            #expect(list.map(\.error) == ["disk"])
            let error = await #expect(throws: StoreError.self) { try await launched.retry() }
            #expect(error?.code == .invalidTransition)
            #expect(error?.message.contains("retry the compensation first") == true)
            isStuck.withLock { $0 = false }
            try await launched.retryCompensation()
            #expect(try await launched.result().stderr == "disk")
            let record = try await launched.record()
            #expect(record.tasks.map(\.status) == [.compensated, .failed])
            await #expect(throws: StoreError.self) { try await launched.retryCompensation() }
            try await launched.retry()
            #expect(try await launched.result().retcode == 0)
        }
        #expect(stage.journal.all == ["A", "Broken", "undo A: A", "undo A: A", "A", "Broken"])
    }

    @Test func aLaunchOfWhichNobodyKnowsSaysSo() async throws {
        let a = try await stage.step("A")
        let run = await ClusterSteps { TaskCall(a) }.build()
        let store = stage.store
        let producer = Interfering(stage.broker.makeProducer(), acknowledges: false) {
            store.failure = StoreError(.unavailable, "down")
        }
        let error = await #expect(throws: StoreError.self) { try await run.launch(on: stage.makeCluster(producer)) }
        #expect(error?.code == .undecided)
        #expect(error?.uuid == run.uuid)
        store.failure = nil
        try await stage.withWorkers { _ = try await stage.cluster.operation(run.uuid).result() }
        #expect(stage.journal.all == ["A"])
    }

    @Test func aLaunchThatRunsThoughItsAnswerWasLostIsALaunch() async throws {
        let begun = Requirement("A")
        let gate = Gate()
        let a = try await stage.step("A") { execution in
            begun.fulfill()
            await gate.pass()
            return execution.result()
        }
        let run = await ClusterSteps { TaskCall(a) }.build()
        try await stage.withWorkers {
            let cluster = stage.makeCluster(SlowlyRefusing(base: stage.broker.makeProducer(), after: begun))
            let launched = try await run.launch(on: cluster)
            gate.open()
            #expect(try await launched.result().retcode == 0)
        }
    }

    @Test func aResultIsThatOfTheEndThatWasSeen() async throws {
        let a = try await stage.step("A") { $0.result(retcode: 3, stderr: "broken") }
        let launched = try await stage.withWorkers {
            let launched = try await ClusterSteps { TaskCall(a) }.build().launch(on: stage.cluster)
            _ = try await launched.result()
            return launched
        }
        let cluster = OperationCluster(
            store: Retrying(stage.store) { try await launched.retry() },
            producer: stage.broker.makeProducer(),
            topic: "jobs"
        )
        // Whoever waits sees the failure, and then somebody retries.
        #expect(try await cluster.operation(launched.uuid).result().stderr == "broken")
    }

    @Test func whatAHandlerSentIsSentAgainWhenItsTransactionFailed() async throws {
        let bench = TransactionBench(partitions: 1)
        let journal = Journal()
        let producer = bench.producer
        let step = ClusterStep("A", journal) { execution in
            try await producer.send(Message(uuid: "side", entrypoint: "side"), to: "side")
            return execution.result()
        }
        try await bench.controller.register(step)
        let cluster = OperationCluster(store: stage.store, producer: bench.broker.makeProducer(), topic: "jobs")
        let launched = try await ClusterSteps { TaskCall(step) }.build().launch(on: cluster)
        var options = bench.options()
        options.operations = cluster
        producer.script.withLock {
            $0 = { attempt, _ in if attempt > 0 { throw ScriptedTransactions.Failure() } }
        }
        let worker = bench.makeWorker(options)
        let running = Task { try await worker.run() }
        await bench.passTime { producer.attempts > 0 }
        #expect(try await launched.head().status == .success)
        running.cancel()
        _ = await running.result
        #expect(bench.broker.records(in: "side").isEmpty)
        producer.script.withLock { $0 = { _, _ in } }
        try await bench.withWorker(options) { await bench.passTime { bench.committed() == 1 } }
        #expect(bench.broker.records(in: "side").count == 1)
        #expect(journal.all == ["A"])
        #expect(try await launched.head().status == .success)
    }
}

/// An operation whose success is told while a gate is shut.
private struct Told: OperationEntrypoint {
    let path = "test.Told"
    let step: ClusterStep
    let gate: Gate
    let telling: Requirement
    let count = Count()

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] { [TaskCall(step)] }

    func onSuccess(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult {
        count.add()
        telling.fulfill()
        await gate.pass()
        return ExecutionResult(uuid: result.uuid, stdout: "told")
    }
}

private final class Count: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }
    func add() { number.withLock { $0 += 1 } }
}

/// A producer whose records arrive, and whose answer is a failure once that is seen.
private struct SlowlyRefusing: MessageProducer {
    struct Refused: Error {}

    let base: InMemoryProducer
    let after: Requirement
    init(base: InMemoryProducer, after: Requirement) { (self.base, self.after) = (base, after) }
    var codec: any MessageCodec { base.codec }
    var logger: KserLogger { base.logger }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        _ = try await base.send(record)
        try await after.wait(atMost: .seconds(30))
        throw Refused()
    }
}

/// A store in which somebody retries an operation as soon as its head was read.
private final class Retrying: OperationStore {
    private let base: InMemoryOperationStore
    private let retry: @Sendable () async throws -> Void

    init(_ base: InMemoryOperationStore, _ retry: @escaping @Sendable () async throws -> Void) {
        (self.base, self.retry) = (base, retry)
    }

    func head(_ uuid: String) async throws -> OperationHead? {
        let head = try await base.head(uuid)
        try? await retry()
        return head
    }

    func change<Outcome: Sendable>(
        _ uuid: String,
        at time: Int64,
        _ body: @escaping @Sendable (inout OperationDraft) throws(StoreError) -> Outcome
    ) async throws -> Outcome? {
        try await base.change(uuid, at: time, body)
    }
    func operation(_ uuid: String) async throws -> OperationRecord? { try await base.operation(uuid) }
    func identity() async throws -> String { try await base.identity() }
    func insert(_ operation: OperationRecord) async throws { try await base.insert(operation) }
    func claimDue(at time: Int64, pause: Int64, limit: Int) async throws -> [String] { [] }
    func running(in uuid: String) async throws -> [String] { try await base.running(in: uuid) }
    func operations(matching query: StoreQuery) async throws -> [OperationSummary] { [] }
    func tasks(matching query: StoreQuery) async throws -> [TaskRecord] { [] }
    func history(of uuid: String) async throws -> [OperationEvent] { [] }
    func prune(endedBefore time: Int64, statuses: Set<TaskStatus>) async throws -> Int { 0 }
}
