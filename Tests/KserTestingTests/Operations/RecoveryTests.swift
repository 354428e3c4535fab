import KserTesting
import Synchronization
import Testing

@testable import Kser

/// What nobody does by itself is done by who recovers.
@Suite(.timeLimit(.minutes(1))) struct RecoveryTests {
    private let stage = Stage()

    private func launch(_ count: Int = 1) async throws -> LaunchedOperation {
        let a = try await stage.step("A")
        return try await ClusterSteps { for _ in 0..<count { TaskCall(a) } }.build().launch(on: stage.withManualClock)
    }

    @Test func aTaskWhoseMessageIsLostIsSentAgainAfterAWhile() async throws {
        let launched = try await launch()
        let cluster = stage.withManualClock
        // Nobody ever reads the first message.
        #expect(try await cluster.recover() == 0)
        stage.clock.advance(by: cluster.resendInterval - .seconds(1))
        #expect(try await cluster.recover() == 0)
        stage.clock.advance(by: .seconds(2))
        #expect(try await cluster.recover() == 1)
        #expect(stage.broker.records(in: "jobs").count == 2)
        // And then for ever longer.
        stage.clock.advance(by: cluster.resendInterval + .seconds(1))
        #expect(try await cluster.recover() == 0)
        stage.clock.advance(by: cluster.resendInterval)
        #expect(try await cluster.recover() == 1)
        try await stage.withWorkers { _ = try await stage.cluster.operation(launched.uuid).result() }
        #expect(stage.journal.all == ["A"])
    }

    @Test func aTaskWhoseWorkerAndRecordAreLostIsSentAgain() async throws {
        let held = try await stage.step("Held") { execution in
            try await Task.sleep(for: .seconds(3_600))
            return execution.result()
        }
        let cluster = stage.withManualClock
        let launched = try await ClusterSteps { TaskCall(held) }.build().launch(on: cluster)
        var other = stage
        other.cluster = cluster
        let worker = other.makeWorker()
        let running = Task { try await worker.run() }
        try await stage.waitForNote("Held")
        running.cancel()
        _ = await running.result
        #expect(try await launched.record().tasks[0].status == .running)
        // A group that begins at the end of the topic never sees the record.
        stage.clock.advance(by: cluster.attemptTimeout - .seconds(1))
        #expect(try await cluster.recover() == 0)
        stage.clock.advance(by: .seconds(2))
        #expect(try await cluster.recover() == 1)
        let record = try await launched.record()
        #expect(record.tasks[0].status == .pending)
        #expect(record.tasks[0].owner == nil)
        #expect(stage.broker.records(in: "jobs").count == 2)
    }

    @Test func aTaskThatRunsForLongIsLeftToItsWorker() async throws {
        let gate = Gate()
        let held = try await stage.step("Held") { execution in
            await gate.pass()
            return execution.result()
        }
        var stage = stage
        stage.cluster.clock = stage.clock.workerClock
        let launched = try await ClusterSteps { TaskCall(held) }.build().launch(on: stage.cluster)
        try await stage.withWorkers(options: stage.options) {
            try await stage.waitForNote("Held")
            defer { gate.open() }
            for round in 0..<6 {
                try await stage.clock.waitForSleepers(2)
                let before = try await stage.store.operation(launched.uuid)?.tasks[0].dueAt ?? 0
                stage.clock.advance(by: stage.cluster.attemptTimeout / 3 + .seconds(1))
                // The first sign of life is due when the task has run for that long.
                if round == 0 { continue }
                try await eventually {
                    try await stage.store.operation(launched.uuid)?.tasks[0].dueAt ?? 0 > before
                }
            }
            #expect(stage.broker.records(in: "jobs").count == 1)
            gate.open()
            try await eventually { try await launched.head().isEnded }
        }
        #expect(stage.journal.all == ["Held"])
    }

    @Test func anOperationWhoseTimeIsOverFailsWithoutAnyMessage() async throws {
        let a = try await stage.step("A")
        var operation = ClusterSteps {
            TaskCall(a)
            TaskCall(a)
        }
        operation.timeLimit = .seconds(30)
        let cluster = stage.withManualClock
        for pauses in [false, true] {
            let launched = try await operation.build().launch(on: cluster)
            if pauses { try await launched.pause() }
            stage.clock.advance(by: .seconds(31))
            #expect(try await cluster.recover() == 1)
            let head = try await launched.head()
            #expect(head.status == .failed)
            #expect(head.error == "The operation did not end within its time limit")
            #expect(try await launched.result().retcode == 504)
        }
    }

    @Test func anOperationThatIsForEverCancellingEnds() async throws {
        let gate = Gate()
        let held = try await stage.step("Held") { execution in
            await gate.pass()
            return execution.result()
        }
        let cluster = stage.withManualClock
        func strand() async throws -> LaunchedOperation {
            let launched = try await ClusterSteps { TaskCall(held) }.build().launch(on: cluster)
            let message = stage.broker.records(in: "jobs").last?.value ?? []
            let ticket = OperationTicket(try JSONMessageCodec().decode(message))
            _ = try await cluster.change(launched.uuid) { draft throws(StoreError) in
                if let ticket { _ = try draft.admit(ticket, by: "lost[0]@1") }
            }
            try await launched.cancel()
            #expect(try await launched.head().status == .cancelling)
            return launched
        }
        let first = try await strand()
        stage.clock.advance(by: cluster.attemptTimeout + .seconds(1))
        #expect(try await cluster.recover() == 1)
        #expect(try await first.head().status == .cancelled)

        let second = try await strand()
        try await second.cancel(force: true)
        #expect(try await second.head().status == .cancelled)
    }

    @Test func manyThatRecoverAtOnceSendEachTaskOnce() async throws {
        let a = try await stage.step("A")
        let cluster = stage.withManualClock
        for _ in 0..<300 {
            let launched = try await ClusterSteps { TaskCall(a) }.build().launch(on: cluster)
            let orphan = Stage.orphan(of: try await launched.record(), uuid: "orphan-\(launched.uuid)")
            try await stage.store.insert(orphan)
        }
        let before = stage.broker.records(in: "jobs").count
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 { group.addTask { try await cluster.recover() } }
            try await group.waitForAll()
        }
        #expect(stage.broker.records(in: "jobs").count - before == 300)
    }

    @Test func anOperationThatCannotBeSentHoldsUpNoOther() async throws {
        let a = try await stage.step("A")
        let cluster = stage.withManualClock
        let launched = try await ClusterSteps { TaskCall(a) }.build().launch(on: cluster)
        for (index, name) in ["bad", "good"].enumerated() {
            var orphan = Stage.orphan(of: try await launched.record(), uuid: name)
            orphan.tasks[0].entrypoint = name
            orphan.dueAt = Int64(index)
            try await stage.store.insert(orphan)
        }
        let broken = OperationCluster(store: stage.store, producer: Choosy(stage.broker.makeProducer()), topic: "jobs")
        var other = broken
        other.clock = stage.clock.workerClock
        await #expect(throws: Choosy.Refused.self) { try await other.recover() }
        let sent = try stage.broker.records(in: "jobs").map { try JSONMessageCodec().decode($0.value ?? []).entrypoint }
        #expect(sent == ["test.A", "good"])
        // It is not tried again at once.
        #expect(try await other.recover() == 0)
        #expect(try await stage.store.head("bad")?.checks == 1)
    }

    @Test func aTaskGoesToTheTopicItWasLaunchedFor() async throws {
        stage.broker.createTopic("mails", partitions: 1)
        let mail = try await stage.step("Mail")
        var mails = stage.withManualClock
        mails.topic = "mails"
        let launched = try await ClusterSteps {
            TaskCall(mail)
            TaskCall(mail)
        }.build().launch(on: mails)
        stage.clock.advance(by: mails.resendInterval + .seconds(1))
        // The recoverer is a worker of the other topic.
        #expect(try await stage.withManualClock.recover() == 1)
        #expect(stage.broker.records(in: "jobs").isEmpty)
        #expect(stage.broker.records(in: "mails").count == 2)
        #expect(try await launched.record().tasks.map(\.topic) == ["mails", "mails"])
    }
}

/// A producer that takes no message of the entrypoint `bad`.
private struct Choosy: MessageProducer {
    struct Refused: Error {}

    let base: InMemoryProducer
    init(_ base: InMemoryProducer) { self.base = base }
    var codec: any MessageCodec { base.codec }
    var logger: KserLogger { base.logger }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        if try codec.decode(record.value ?? []).entrypoint == "bad" { throw Refused() }
        return try await base.send(record)
    }
}

/// Waits until something is so.
func eventually(_ isTrue: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(30)
    while try await !isTrue() {
        if ContinuousClock.now > end { throw KserError(.deadlineExceeded, "it did not become so") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
