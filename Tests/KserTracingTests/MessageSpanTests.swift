import Jaeger
import Kser
import KserTesting
import KserTracing
import OpenTracing
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct MessageSpanTests {
    let keeping = KeepingTracer()

    @Test func traceGoesFromSenderToAnswer() async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer))
        _ = try await keeping.tracer.withActiveSpan("play") { _ in
            try await stage.producer.send(DiceLaunch().message(uuid: "launch"), to: "dice")
        }
        try await stage.work()

        let names = ["play", "send dice", "process dice", "DiceLaunch - Execute"]
        let chain = try names.map(keeping.only)
        for (parent, child) in zip(chain, chain.dropFirst()) { #expect(child.parentID == parent.spanID) }
        #expect(try keeping.only("send results").parentID == keeping.only("process dice").spanID)
        #expect(keeping.spans("DiceRoll - Execute").allSatisfy { $0.parentID == chain[3].spanID })
        #expect(Set(keeping.spans.map(\.traceID)).count == 1)

        let answer = try #require(stage.broker.records(in: "results").first)
        let headers = answer.text
        let sending = try keeping.only("send results")
        #expect(headers["traceparent"] == "00-\(hex(sending.traceID, 32))-\(hex(UInt128(sending.spanID), 16))-01")
        let parts = [sending.traceID, UInt128(sending.spanID), UInt128(sending.parentID), 1]
        #expect(headers["uber-trace-id"] == parts.map { String($0, radix: 16) }.joined(separator: ":"))
    }

    @Test func senderWithoutASpanBeginsTheTrace() async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer, carriers: [.headers, .tracing, .parentSpan]))
        try await stage.producer.send(DiceRoll().message(), to: "dice")
        let sending = try keeping.only("send dice")
        #expect(sending.parentID == 0)
        let record = try #require(stage.broker.records(in: "dice").first)
        let metadata = try JSONMessageCodec().decode(record.value ?? []).metadata
        #expect(metadata["tracing"]?["traceparent"]?.string == record.text["traceparent"])
        #expect(metadata["__parent-span__"]?["span_id"]?.unsigned == sending.spanID)
        #expect(metadata["__parent-span__"]?["trace_id"]?.unsigned == UInt64(truncatingIfNeeded: sending.traceID))
        #expect(metadata["__parent-span__"]?["operation_name"] == "send dice")
    }

    @Test func spansHaveTheNamedAttributes() async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer, consumerGroup: "dice"))
        try await stage.producer.send(DiceRoll().message(uuid: "roll"), to: "dice", key: Array("k".utf8))
        try await stage.work()
        var sent = try keeping.only("send dice").tags
        (sent["sampler.type"], sent["sampler.param"]) = (nil, nil)
        #expect(
            sent.dictionary == [
                "span.kind": "producer", "messaging.system": "kafka", "messaging.operation.name": "send",
                "messaging.operation.type": "send", "messaging.destination.name": "dice",
                "messaging.kafka.message.key": "k", "messaging.message.id": "roll", "kser.entrypoint": "dice.DiceRoll",
                "messaging.destination.partition.id": "0", "messaging.kafka.offset": 0,
            ]
        )
        #expect(
            try keeping.only("process dice").tags.dictionary == [
                "span.kind": "consumer", "messaging.system": "kafka", "messaging.operation.name": "process",
                "messaging.operation.type": "process", "messaging.destination.name": "dice",
                "messaging.kafka.message.key": "k", "messaging.message.id": "roll", "kser.entrypoint": "dice.DiceRoll",
                "messaging.destination.partition.id": "0", "messaging.kafka.offset": 0, "kser.attempt": 1,
                "kser.retcode": 0, "messaging.consumer.group.name": "dice",
            ]
        )
    }

    @Test func failureIsNamed() async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer))
        try await stage.producer.send(DiceRoll().message(["fails": true]), to: "dice")
        try await stage.producer.send(Message(entrypoint: "nobody"), to: "dice")
        try await stage.work(until: 2)
        let spans = keeping.spans("process dice")
        #expect(spans.map { $0.tags["error.type"] } == ["ValidationError", "unknown-entrypoint"])
        #expect(spans.allSatisfy { $0.tags[Tags.error] == true })
    }

    @Test func answerHasTheCarriersThatTheMessageHad() async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer))
        let carriers: [JSONObject] = [
            ["tracing": ["traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"], "k": 1],
            [
                "__parent-span__": [
                    "trace_id": 5, "span_id": 6, "parent_id": nil, "flags": 1, "operation_name": "o", "start_time": 1.5,
                    "tags": [:],
                ]
            ],
            [:],
        ]
        for metadata in carriers {
            try await stage.broker.makeProducer().send(DiceRoll().message(metadata: metadata), to: "dice")
        }
        try await stage.work(until: 3)
        let processing = keeping.spans("process dice")
        #expect(hex(processing[0].traceID, 32) == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(hex(UInt128(processing[0].parentID), 16) == "00f067aa0ba902b7")
        #expect(processing[1].traceID == 5 && processing[1].parentID == 6)
        #expect(processing[2].parentID == 0)
        let answers = try stage.broker.records(in: "results").map {
            try JSONMessageCodec().decode($0.value ?? []).metadata
        }
        #expect(answers[0].keys == ["k", "tracing"])
        #expect(
            answers[0]["tracing"]?["traceparent"]?.string
                == "00-4bf92f3577b34da6a3ce929d0e0e4736-\(hex(UInt128(processing[0].spanID), 16))-01"
        )
        #expect(answers[1].keys == ["__parent-span__"])
        #expect(answers[1]["__parent-span__"]?["span_id"]?.unsigned == processing[1].spanID)
        #expect(answers[1]["__parent-span__"]?["parent_id"] == 6)
        #expect(answers[2].isEmpty)
        for (answer, processing) in zip(keeping.spans("send results"), processing) {
            #expect(answer.parentID == processing.spanID && answer.traceID == processing.traceID)
        }
    }

    @Test func unsampledStaysUnsampled() async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer))
        let header = Record.Header("traceparent", text: "00-00000000000000000000000000000005-0000000000000006-00")
        try await stage.broker.makeProducer().send(DiceRoll().message(), to: "dice", headers: [header])
        try await stage.work()
        #expect(keeping.spans.isEmpty)
        let answer = try #require(stage.broker.records(in: "results").first?.text["traceparent"])
        #expect(answer.hasPrefix("00-00000000000000000000000000000005-") && answer.hasSuffix("-00"))
    }

    @Test func baggageTravels() async throws {
        let tracer = keeping.tracer
        let stage = Stage(tracing: Tracing(tracer))
        _ = try await tracer.withActiveSpan("play") { scope in
            scope.span.setBaggageItem("player", "Cédric")
            try await stage.producer.send(DiceRoll().message(), to: "dice")
        }
        let record = try #require(stage.broker.records(in: "dice").first)
        let controller = Controller(logger: .none, tracing: stage.tracing)
        try await controller.register("dice.DiceRoll") { (_: JSONObject, execution: Execution) in
            execution.result(stdout: tracer.activeSpan?.baggageItem("player") ?? "nobody")
        }
        #expect(await controller.run(record).stdout == "Cédric")
    }

    @Test func retriesStayInTheTrace() async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer))
        try await stage.producer.send(DiceRoll().message(["fails": true]), to: "dice")
        try await stage.work(in: "dice-dlt") { options in
            options.replies = nil
            options.deadLetters = DeadLetterTopic(with: stage.producer)
            options.retries = RetryPolicy()
        }
        let processing = try #require(keeping.spans("process dice").last)
        let letter = try keeping.only("send dice-dlt")
        #expect(letter.traceID == processing.traceID && letter.parentID != 0)
        #expect(Set(keeping.spans.map(\.traceID)).count == 1)
    }

    /// Spans and executions know one another; nothing of a message stays.
    @Test(arguments: [TraceCarriers.standard, [.headers, .tracing, .parentSpan]])
    func anExecutionGoesWhenItHasEnded(_ carriers: TraceCarriers) async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer, carriers: carriers))
        let controller = Controller(logger: .none, tracing: stage.tracing)
        let seen = Mutex<Weak?>(nil)
        try await controller.register("dice.Look") { (_: JSONObject, execution: Execution) in
            seen.withLock { $0 = Weak(execution) }
        }
        try await stage.producer.send(Message(entrypoint: "dice.Look"), to: "dice")
        let record = try #require(stage.broker.records(in: "dice").first)
        #expect(await controller.run(record).isSuccess)
        let execution = try #require(seen.withLock { $0 }).execution
        #expect(execution == nil, "a traced execution is kept")
    }
}

private struct Weak: Sendable {
    weak var execution: Execution?
    init(_ execution: Execution) { self.execution = execution }
}
