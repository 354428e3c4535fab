import Jaeger
import Kser
import KserTesting
import KserTracing
import OpenTracing
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SendingSpanTests {
    let keeping = KeepingTracer()

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
