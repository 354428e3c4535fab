import Jaeger
import Kser
import KserTesting
import KserTracing
import Testing

@Suite(.timeLimit(.minutes(1)))
struct IncomingContextTests {
    let keeping = KeepingTracer()

    @Test(arguments: [
        ("uber-trace-id", "5:6:0:1"), ("Uber-Trace-Id", "5:6:1:3"), ("uber-trace-id", "5%3A6%3A0%3A1"),
        ("traceparent", "00-00000000000000000000000000000005-0000000000000006-01"),
    ])
    func headersOfOthersAreRead(_ name: String, _ value: String) async throws {
        let controller = try await Stage(tracing: Tracing(keeping.tracer)).controller()
        _ = await controller.run(try record(DiceRoll().message(), [Record.Header(name, text: value)]))
        let span = try keeping.only("process dice")
        #expect(span.traceID == 5 && span.parentID == 6)
    }

    @Test func b3HeadersAreRead() async throws {
        let controller = try await Stage(tracing: Tracing(keeping.tracer)).controller()
        let headers = ["X-B3-TraceId": "5", "X-B3-SpanId": "6", "X-B3-Sampled": "1"]
        let record = try record(DiceRoll().message(), headers.map { Record.Header($0.key, text: $0.value) })
        _ = await controller.run(record)
        #expect(try keeping.only("process dice").parentID == 6)
    }

    @Test(arguments: [
        Record.Header("uber-trace-id", text: "zz"), Record.Header("uber-trace-id", text: "0:0:0:0"),
        Record.Header("traceparent", text: "00-0-0-0"), Record.Header("traceparent", nil),
        Record.Header("traceparent", [0xff]),
        Record.Header("traceparent", text: "ff-00000000000000000000000000000005-0000000000000006-01"),
        Record.Header("traceparent", text: "00-0000000000000000000000000000000A-0000000000000006-01"),
        Record.Header("traceparent", text: "0A-00000000000000000000000000000005-0000000000000006-01"),
        Record.Header("traceparent", text: "+1-00000000000000000000000000000005-0000000000000006-01"),
        Record.Header("traceparent", text: "00-00000000000000000000000000000005-0000000000000006-01-x"),
        Record.Header("traceparent", text: "00-00000000000000000000000000000005-0000000000000006-001"),
    ])
    func malformedHeaderBeginsATrace(_ header: Record.Header) async throws {
        let controller = try await Stage(tracing: Tracing(keeping.tracer)).controller()
        let result = await controller.run(try record(DiceRoll().message(), [header]))
        #expect(result.isSuccess)
        #expect(try keeping.only("process dice").parentID == 0)
    }

    /// By the W3C's recommendation two are as none, whatever their names' case.
    @Test(arguments: ["traceparent", "TraceParent"])
    func twoHeadersBeginATrace(_ name: String) async throws {
        let controller = try await Stage(tracing: Tracing(keeping.tracer)).controller()
        let value = "00-00000000000000000000000000000005-0000000000000006-01"
        let headers = [Record.Header("traceparent", text: value), Record.Header(name, text: value)]
        _ = await controller.run(try record(DiceRoll().message(), headers))
        #expect(try keeping.only("process dice").parentID == 0)
    }

    /// A trace that came by the W3C's headers goes on by them, beside those of the tracer.
    @Test func stateAndBaggageGoOn() async throws {
        let stage = Stage(tracing: Tracing(keeping.tracer))
        let headers = [
            "traceparent": "00-00000000000000000000000000000005-0000000000000006-01", "tracestate": "congo=1,rojo=2",
            "baggage": "user=ann%20b",
        ]
        let message = try record(DiceRoll().message(), headers.map { Record.Header($0.key, text: $0.value) })
        let sending = ProducerRecord(topic: "dice", value: message.value, headers: message.headers)
        try await stage.broker.makeProducer().send(sending)
        try await stage.work()
        #expect(try keeping.only("process dice").traceState.header == "congo=1,rojo=2")
        let answer = try #require(stage.broker.records(in: "results").first).text
        #expect(answer["traceparent"]?.hasPrefix("00-00000000000000000000000000000005-") == true)
        #expect(answer["tracestate"] == "congo=1,rojo=2" && answer["baggage"] == "user=ann%20b")
        #expect(answer["uberctx-user"] == "ann%20b")
    }

    private static let malformed: [JSONObject] = [
        ["tracing": "text"], ["tracing": ["traceparent": 5]], ["tracing": ["traceparent": "zz"]],
        ["__parent-span__": []], ["__parent-span__": ["trace_id": -1, "span_id": 6]],
        ["__parent-span__": ["trace_id": 0, "span_id": 0]],
        ["__parent-span__": ["trace_id": 1e30, "span_id": "x", "flags": [[]]]],
    ]

    @Test(arguments: malformed)
    func malformedMetadataBeginATrace(_ metadata: JSONObject) async throws {
        let controller = try await Stage(tracing: Tracing(keeping.tracer)).controller()
        let result = await controller.run(try record(DiceRoll().message(metadata: metadata), []))
        #expect(result.isSuccess)
        #expect(try keeping.only("process dice").parentID == 0)
    }

    private func record(_ message: Message, _ headers: [Record.Header]) throws -> Record {
        Record(topic: "dice", value: try JSONMessageCodec().encode(message), headers: headers)
    }
}
