import Kser
import KserTesting
import Synchronization
import Testing

/// What copies of messages, and deaths of workers between any two steps, do to an operation: nothing.
@Suite(.timeLimit(.minutes(1))) struct RedeliveryTests {
    private let stage = Stage()

    private func makeOperation(_ names: [String] = ["A", "B", "C", "D"]) async throws -> ClusterSteps {
        let steps = try await names.asyncMap { try await stage.step($0) }
        return ClusterSteps { for step in steps { TaskCall(step) } }
    }

    @Test func everyMessageTwiceChangesNothing() async throws {
        var stage = stage
        let operation = try await makeOperation()
        stage.cluster = stage.makeCluster(Interfering(stage.broker.makeProducer(), copies: 2))
        let launched = try await operation.build().launch(on: stage.cluster)
        try await stage.withWorkers {
            _ = try await launched.result()
            try await stage.settle()
        }
        #expect(stage.journal.all == ["A", "B", "C", "D"])
        #expect(stage.broker.records(in: "jobs").count == 9)
        // Launching, and for each task its begin and its end.
        #expect(try await stage.store.history(of: launched.uuid).count == 9)
    }

    @Test func aCopyDoesNotRunBesideTheMessageThatHasTheTask() async throws {
        let stage = Stage(partitions: 2)
        let gate = Gate()
        let held = try await stage.step("Held") { execution in
            await gate.pass()
            return execution.result()
        }
        let launched = try await ClusterSteps { TaskCall(held) }.build().launch(on: stage.cluster)
        let original = try #require(stage.broker.records(in: "jobs").first)
        try await stage.withWorkers {
            defer { gate.open() }
            try await stage.waitForNote("Held")
            let other = 1 - original.partition
            try await stage.broker.makeProducer().send(
                ProducerRecord(topic: "jobs", partition: other, value: original.value)
            )
            try await stage.settle(partition: other)
            #expect(stage.journal.all == ["Held"])
            gate.open()
            _ = try await launched.result()
        }
        #expect(stage.journal.all == ["Held"])
        #expect(try await launched.record().tasks[0].attempts == 1)
    }

    @Test func aRecordThatIsReadAgainChangesNothing() async throws {
        let operation = try await makeOperation()
        let launched = try await operation.build().launch(on: stage.cluster)
        try await stage.withWorkers { _ = try await launched.result() }
        let before = try await launched.record()
        let count = stage.broker.records(in: "jobs").count

        // Another group reads the topic from its beginning, with the same store.
        var again = stage
        again.group = "again"
        try await again.withWorkers { try await stage.settle() }
        #expect(stage.journal.all == ["A", "B", "C", "D"])
        #expect(try await launched.record() == before)
        #expect(stage.broker.records(in: "jobs").count == count + 1)
    }

    @Test func aWorkerThatDiesBeforeTheResultIsRecordedLeavesTheTaskToAnother() async throws {
        let store = stage.store
        let isDown = Mutex(true)
        let a = try await stage.step("A") { execution in
            if isDown.withLock({ $0 }) { store.failure = StoreError(.unavailable, "down") }
            return execution.result(retval: ["attempts": .integer(isDown.withLock { $0 } ? 1 : 2)])
        }
        let b = try await stage.step("B")
        let launched = try await ClusterSteps {
            TaskCall(a)
            TaskCall(b)
        }.build().launch(on: stage.cluster)
        try await stage.killWorker(stage.makeWorker()) { try await stage.waitForNote("A") }
        isDown.withLock { $0 = false }
        store.failure = nil
        #expect(try await launched.record().tasks[0].status == .running)

        let result = try await stage.withWorkers { try await launched.result() }
        #expect(stage.journal.all == ["A", "A", "B"])
        #expect(result.retval["attempts"] == 2)
        #expect(try await launched.record().tasks.map(\.attempts) == [2, 1])
    }

    @Test func aWorkerThatDiesBeforeTheNextTaskIsSentLeavesTheSendingToAnother() async throws {
        let operation = try await makeOperation(["A", "B"])
        let launched = try await operation.build().launch(on: stage.cluster)
        let tried = Requirement("the next task is sent")
        let producer = Interfering(stage.broker.makeProducer(), takes: false) { tried.fulfill() }
        try await stage.killWorker(stage.makeWorker(producer)) { try await tried.wait(atMost: .seconds(30)) }
        #expect(try await launched.record().tasks.map(\.status) == [.success, .pending])
        #expect(stage.broker.records(in: "jobs").count == 1)

        try await stage.withWorkers { _ = try await launched.result() }
        #expect(stage.journal.all == ["A", "B"])
        #expect(stage.broker.records(in: "jobs").count == 2)
    }

    @Test func aWorkerThatDiesBeforeItsOffsetIsCommittedLeavesACopyAtMost() async throws {
        let operation = try await makeOperation(["A", "B"])
        let launched = try await operation.build().launch(on: stage.cluster)
        let sent = Requirement("the next task is sent")
        let producer = Interfering(stage.broker.makeProducer(), acknowledges: false) { sent.fulfill() }
        try await stage.killWorker(stage.makeWorker(producer)) {
            try await sent.wait(atMost: .seconds(30))
        }
        try await stage.withWorkers {
            _ = try await launched.result()
            try await stage.settle()
        }
        #expect(stage.journal.all == ["A", "B"])
        #expect(try await launched.record().tasks.map(\.attempts) == [1, 1])
    }

    @Test func aLaunchThatDiedBeforeItsFirstTaskWasSentIsRecovered() async throws {
        var stage = stage
        stage.cluster.recoveryInterval = .zero
        let operation = try await makeOperation(["A", "B"])
        let launched = try await operation.build().launch(on: stage.cluster)
        // What the store holds when the launching process dies after it inserted the operation.
        let orphan = Stage.orphan(of: try await launched.record())
        try await stage.store.insert(orphan)
        try await stage.withWorkers {
            let result = try await stage.cluster.operation(orphan.uuid).result()
            #expect(result.stdout == "B")
        }
        #expect(try await stage.cluster.recover() == 0)
    }

    @Test func aLaunchWhoseFirstTaskIsNotTakenIsCancelled() async throws {
        let operation = try await makeOperation()
        let cluster = stage.makeCluster(Interfering(stage.broker.makeProducer(), takes: false))
        let run = await operation.build()
        await #expect(throws: Interfering.Refused.self) { try await run.launch(on: cluster) }
        #expect(try await cluster.operation(run.uuid).record().status == .cancelled)
    }

    @Test func aStoreThatIsDownHoldsTasksBackUntilItReturns() async throws {
        let operation = try await makeOperation(["A", "B"])
        let launched = try await operation.build().launch(on: stage.cluster)
        stage.store.failure = StoreError(.locked, "locked")
        let options = stage.options
        try await stage.withWorkers(options: options) {
            try await stage.clock.waitForSleepers(atMost: .seconds(30))
            #expect(stage.journal.all.isEmpty)
            stage.store.failure = nil
            try await stage.clock.skip(atMost: .seconds(30))
            _ = try await launched.result()
        }
        #expect(stage.journal.all == ["A", "B"])
        #expect(try await launched.record().tasks.map(\.attempts) == [1, 1])
    }
}

/// A producer that sends copies, takes nothing, or loses its acknowledgements.
struct Interfering: MessageProducer {
    struct Refused: Error {}

    let base: InMemoryProducer
    var copies = 1
    var takes = true
    var acknowledges = true
    var called: @Sendable () -> Void = {}

    init(
        _ base: InMemoryProducer,
        copies: Int = 1,
        takes: Bool = true,
        acknowledges: Bool = true,
        _ called: @escaping @Sendable () -> Void = {}
    ) {
        self.base = base
        self.copies = copies
        self.takes = takes
        self.acknowledges = acknowledges
        self.called = called
    }

    var codec: any MessageCodec { base.codec }
    var logger: KserLogger { base.logger }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        try await enqueue(record).metadata()
    }

    func enqueue(_ record: ProducerRecord) async throws -> Delivery {
        defer { called() }
        if !takes { throw Refused() }
        let metadata = try await base.send(record)
        for _ in 1..<copies { try await base.send(record) }
        return acknowledges ? Delivery(metadata) : Delivery { throw Refused() }
    }
}
