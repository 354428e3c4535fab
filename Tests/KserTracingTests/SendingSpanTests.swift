import Jaeger
import Kser
import KserTesting
import KserTracing
import OpenTracing
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SendingSpanTests {
    let keeping = KeepingTracer()

    /// In a transaction the answer and what a handler sends have spans and headers too.
    @Test func transactions() async throws {
        struct Sending: Entrypoint {
            let producer: TracedProducer<InMemoryTransactionalProducer>
            let path = "dice.Sending"

            func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
                try await producer.send(DiceRoll().message(uuid: "one"), to: "more")
                _ = try await producer.send(ProducerRecord(topic: "more", value: [1]))
                return execution.result(stdout: "sent")
            }
        }
        let stage = Stage(tracing: Tracing(keeping.tracer))
        for topic in ["dice", "more", "results"] { stage.broker.createTopic(topic) }
        let producer = TracedProducer(stage.broker.makeTransactionalProducer(), stage.tracing)
        let controller = try await stage.controller()
        try await controller.register(Sending(producer: producer))
        let options = WorkerOptions(
            replies: Replies(to: "results", with: producer),
            transactions: Transactions(with: producer),
            shutdownSignals: []
        )
        try await stage.producer.send(Sending(producer: producer).message(), to: "dice")
        let worker = Worker(
            consumer: stage.broker.makeConsumer(topics: ["dice"], group: "dice"),
            controller: controller,
            options: options
        )
        async let running: Void = worker.run()
        try await withThrowingTaskGroup { group in
            group.addTask {
                while stage.broker.records(in: "results").isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            }
            try await group.next()
        }
        await worker.shutdown()
        try await running

        let process = try keeping.only("process dice")
        #expect(try keeping.only("send results").parentID == process.spanID)
        let created = keeping.spans("create more")
        let run = try #require(keeping.spans.first { $0.operationName.hasSuffix("- Run") })
        #expect(created.count == 2 && created.allSatisfy { $0.parentID == run.spanID })
        let sent = keeping.spans("send more")
        #expect(Set(sent.map(\.parentID)) == Set(created.map(\.spanID)))
        #expect(Set(keeping.spans.map(\.traceID)).count == 1)
        for topic in ["more", "results"] {
            for record in stage.broker.records(in: topic) {
                let context = try #require(record.text["traceparent"]).split(separator: "-")
                let spans = keeping.spans("send \(topic)").map { $0.spanID }
                #expect(spans.contains { UInt64(context[2], radix: 16) == $0 })
            }
        }
    }

    @Test func messagesSentTogetherAreCreatedAndLinked() async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer))
        try await stage.producer.send(contentsOf: (0..<3).map { _ in DiceRoll().message() }, to: "dice")
        try await stage.work(until: 3)
        let created = keeping.spans("create dice")
        let sending = try keeping.only("send dice")
        #expect(created.count == 3 && sending.tags["messaging.batch.message_count"] == 3)
        #expect(sending.references?.map(\.spanID) == created.map(\.spanID))
        #expect(sending.references?.allSatisfy { $0.kind == .followsFrom } == true)
        let parents = keeping.spans("process dice").map(\.parentID)
        #expect(Set(parents) == Set(created.map(\.spanID)) && parents.count == 3)
    }

    @Test func linkedMessageHasATraceOfItsOwn() async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer, relation: .link))
        try await stage.producer.send(DiceRoll().message(), to: "dice")
        try await stage.work()
        let sending = try keeping.only("send dice")
        let polling = try keeping.only("poll dice")
        let processing = try keeping.only("process dice")
        #expect(polling.parentID == 0 && processing.parentID == polling.spanID)
        #expect(processing.traceID != sending.traceID)
        #expect(processing.references?.map(\.spanID) == [sending.spanID])
        #expect(processing.references?.map(\.traceID) == [sending.traceID])
        #expect(polling.tags["messaging.operation.type"] == "receive")
    }

    @Test func recordsHandledTogetherAreLinkedNotParented() async throws {
        let tracing = Tracing(keeping.tracer)
        let stage = Stage(tracing: tracing)
        for _ in 0..<2 { try await stage.producer.send(DiceRoll().message(), to: "dice") }
        let records = stage.broker.records(in: "dice")
        await tracing.withProcessSpan(of: records) { _ in }
        let processing = try keeping.only("process dice")
        #expect(processing.references?.map(\.spanID) == keeping.spans("send dice").map(\.spanID))
        #expect(processing.parentID == (try keeping.only("poll dice").spanID))
        #expect(!keeping.spans("send dice").map(\.traceID).contains(processing.traceID))
        #expect(processing.tags["messaging.batch.message_count"] == 2)
    }

    @Test func oneRecordByHandIsAChild() async throws {
        let tracing = Tracing(keeping.tracer)
        let stage = Stage(tracing: tracing)
        try await stage.producer.send(DiceRoll().message(), to: "dice")
        await tracing.withProcessSpan(of: stage.broker.records(in: "dice")) { _ in }
        #expect(try keeping.only("process dice").parentID == keeping.only("send dice").spanID)
    }

    @Test func sendingOfARecordEndsOnce() async throws {
        let producer = Stage(tracing: Tracing(keeping.tracer)).producer
        let delivery = try await producer.enqueue(ProducerRecord(topic: "dice", value: [1]))
        _ = try await delivery.metadata()
        _ = try await delivery.metadata()
        _ = try await producer.enqueue(ProducerRecord(topic: "dropped", value: [1]))
        #expect(try keeping.only("send dice").tags["messaging.kafka.offset"] == 0)
        #expect(try keeping.only("send dropped").tags["messaging.kafka.offset"] == nil, "nobody asked for its delivery")
    }

    @Test func failedSendIsNoted() async throws {
        let producer = TracedProducer(Refusing(), Tracing(keeping.tracer))
        await #expect(throws: KserError.self) { try await producer.send(DiceRoll().message(), to: "dice") }
        await #expect(throws: KserError.self) { try await producer.enqueue(ProducerRecord(topic: "t", value: nil)) }
        #expect(try keeping.only("send dice").tags[Tags.error] == true)
        #expect(try keeping.only("send t").tags[Tags.error] == true)
        #expect(try keeping.only("send t").tags["error.type"] == "KserError")
    }

    @Test func noopTracerLeavesMessagesAlone() async throws {
        let stage = Stage(tracing: Tracing(NoopTracer()))
        let message = DiceRoll().message(uuid: "u", metadata: ["tracing": ["traceparent": "kept"]])
        try await stage.producer.send(message, to: "dice")
        try await stage.producer.send(contentsOf: [message], to: "dice")
        _ = try await stage.producer.enqueue(ProducerRecord(topic: "dice", value: nil)).metadata()
        let records = stage.broker.records(in: "dice")
        #expect(records.count == 3 && records.allSatisfy(\.headers.isEmpty))
        #expect(records.prefix(2).allSatisfy { $0.value == (try? JSONMessageCodec().encode(message)) })
    }
}

private struct Refusing: MessageProducer {
    let codec: any MessageCodec = JSONMessageCodec()
    let logger = KserLogger.none

    func send(_ record: ProducerRecord) async throws -> RecordMetadata { throw KserError.internal("no broker") }
}
