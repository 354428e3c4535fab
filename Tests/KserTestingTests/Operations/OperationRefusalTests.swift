import KserTesting
import Synchronization
import Testing

@testable import Kser

/// What can never be done is refused, and what another worker can do is left to it. Nothing stops a partition.
@Suite(.timeLimit(.minutes(1))) struct OperationRefusalTests {
    private let stage = Stage()

    private func limited(_ bytes: Int) -> OperationCluster {
        stage.makeCluster(Limited(base: stage.broker.makeProducer(), bytes: bytes))
    }

    @Test func aResultThatNoMessageCanCarryFailsItsTask() async throws {
        let a = try await stage.step("A") { $0.result(retval: ["text": .string(String(repeating: "x", count: 5_000))]) }
        let b = try await stage.step("B")
        var other = stage
        other.cluster = limited(4_000)
        let launched = try await ClusterSteps {
            TaskCall(a)
            TaskCall(b)
        }.build().launch(on: other.cluster)
        try await other.withWorkers {
            let result = try await launched.result()
            #expect(result.stderr.contains("test.messageMaxBytes allows 4000"), "\(result)")
            try await other.settle()
        }
        let record = try await launched.record()
        #expect(record.status == .failed)
        #expect(record.tasks.map(\.status) == [.failed, .pending])
        #expect(record.tasks.map(\.attempts) == [1, 0])
        #expect(record.tasks[0].result.retval["text"] == nil)
    }

    @Test func resultsThatAddUpFailTheOneThatIsTooMuch() async throws {
        let a = try await stage.step("A") { execution in
            execution.result(retval: [execution.uuid: .string(String(repeating: "x", count: 1_000))])
        }
        var other = stage
        other.cluster = limited(4_000)
        let launched = try await ClusterSteps {
            TaskCall.concurrent { for _ in 0..<5 { TaskCall(a) } }
            TaskCall(a)
        }.build().launch(on: other.cluster)
        try await other.withWorkers {
            #expect(try await launched.result().stderr.contains("test.messageMaxBytes") == true)
            try await other.settle()
        }
        let record = try await launched.record()
        #expect(record.tasks.map(\.status) == [.success, .success, .success, .success, .failed, .pending])
    }

    @Test(arguments: [StoreError.Code.corrupt, .failed, .denied])
    func whatAStoreRefusesIsADeadLetter(_ code: StoreError.Code) async throws {
        let a = try await stage.step("A")
        let launched = try await ClusterSteps { TaskCall(a) }.build().launch(on: stage.cluster)
        stage.store.failure = StoreError(code, "never")
        let options = WorkerOptions(deadLetters: DeadLetterTopic(with: stage.broker.makeProducer()))
        try await stage.withWorkers(options: options) { try await stage.settle() }
        #expect(stage.broker.records(in: "jobs-dlt").count == 1)
        #expect(stage.journal.all.isEmpty)
        stage.store.failure = nil
        #expect(try await launched.head().status == .pending)
    }

    @Test func aResultThatAStoreRefusesIsADeadLetter() async throws {
        let store = stage.store
        let a = try await stage.step("A") { execution in
            store.failure = StoreError(.corrupt, "damaged meanwhile")
            return execution.result()
        }
        try await ClusterSteps { TaskCall(a) }.build().launch(on: stage.cluster)
        let options = WorkerOptions(deadLetters: DeadLetterTopic(with: stage.broker.makeProducer()))
        try await stage.withWorkers(options: options) { try await stage.settle() }
        #expect(stage.broker.records(in: "jobs-dlt").count == 1)
    }

    @Test func aNewerStoreHoldsUpNoOtherMessage() async throws {
        var stage = stage
        let a = try await stage.step("A")
        let launched = try await ClusterSteps { TaskCall(a) }.build().launch(on: stage.cluster)
        let topics = RetryTopics([.seconds(10)], with: stage.broker.makeProducer())
        stage.topics += topics.names(for: "jobs")
        var options = stage.options
        options.retries = RetryPolicy(inPlace: Backoff(retries: 0), topics: topics)
        stage.store.failure = StoreError(.newerSchema, "version 9")
        try await stage.withWorkers(options: options) {
            try await stage.settle()
            #expect(stage.broker.records(in: "jobs-retry-10000").count == 1)
            stage.store.failure = nil
            try await stage.clock.skip(atMost: .seconds(30))
            _ = try await launched.result()
        }
        #expect(stage.journal.all == ["A"])
    }

    @Test func aWorkerWithAnotherStoreLetsTasksWait() async throws {
        let a = try await stage.step("A")
        let launched = try await ClusterSteps { TaskCall(a) }.build().launch(on: stage.cluster)
        let stranger = OperationCluster(
            store: InMemoryOperationStore(),
            producer: stage.broker.makeProducer(),
            topic: "jobs"
        )
        var options = stage.options
        options.operations = stranger
        options.deadLetters = DeadLetterTopic(with: stage.broker.makeProducer())
        let worker = Worker(
            consumer: stage.broker.makeConsumer(topics: ["jobs"], group: "workers"),
            controller: stage.controller,
            options: options
        )
        #expect(!worker.hasStrangers)
        let running = Task { try await worker.run() }
        try await eventually { worker.hasStrangers }
        await worker.shutdown()
        try await running.value
        #expect(stage.journal.all.isEmpty)
        #expect(stage.broker.records(in: "jobs-dlt").isEmpty)
        // The message waits for a worker with the store.
        try await stage.withWorkers { _ = try await launched.result() }
        #expect(stage.journal.all == ["A"])
    }

    @Test func aTaskWaitsForAWorkerThatHasItsEntrypoint() async throws {
        var stage = stage
        let late = ClusterStep("Late", stage.journal)
        let topics = RetryTopics([.seconds(10)], with: stage.broker.makeProducer())
        stage.topics += topics.names(for: "jobs")
        var options = stage.options
        options.retries = RetryPolicy(inPlace: Backoff(retries: 0), topics: topics)
        options.deadLetters = DeadLetterTopic(with: stage.broker.makeProducer())
        let launched = try await ClusterSteps { TaskCall(late) }.build().launch(on: stage.cluster)
        try await stage.broker.makeProducer().send(Message(uuid: "plain", entrypoint: late.path), to: "jobs")
        try await stage.withWorkers(options: options) {
            try await stage.settle()
            #expect(try await launched.head().status == .pending)
            #expect(stage.broker.records(in: "jobs-retry-10000").count == 2)
            try await stage.controller.register(late)
            try await stage.clock.skip(atMost: .seconds(30))
            _ = try await launched.result()
        }
        #expect(stage.broker.records(in: "jobs-dlt").isEmpty)
        #expect(stage.journal.all.count == 2)
    }

    @Test func aTaskWhoseEntrypointNobodyHasFailsInTheEnd() async throws {
        var stage = stage
        let unknown = ClusterStep("Unknown", stage.journal)
        let topics = RetryTopics([.seconds(10)], with: stage.broker.makeProducer())
        stage.topics += topics.names(for: "jobs")
        var options = stage.options
        options.retries = RetryPolicy(inPlace: Backoff(retries: 0), topics: topics)
        options.deadLetters = DeadLetterTopic(with: stage.broker.makeProducer())
        let launched = try await ClusterSteps { TaskCall(unknown) }.build().launch(on: stage.cluster)
        try await stage.withWorkers(options: options) {
            try await stage.clock.skip(atMost: .seconds(30))
            #expect(try await launched.result().stderr == "Entrypoint 'test.Unknown' not registred")
        }
        #expect(stage.broker.records(in: "jobs-dlt").count == 1)
    }
}

/// A producer that takes no larger records.
private struct Limited: MessageProducer {
    let base: InMemoryProducer
    let bytes: Int
    var codec: any MessageCodec { base.codec }
    var logger: KserLogger { base.logger }
    var recordSizeLimit: RecordSizeLimit? { RecordSizeLimit(bytes: bytes, setting: "test.messageMaxBytes") }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        if record.value?.count ?? 0 > bytes { throw KserError.io("too large") }
        return try await base.send(record)
    }
}
