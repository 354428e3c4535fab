import Foundation
import Jaeger
import Kser
import KserTesting
import KserTracing
import OpenTracing
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    private static let file = VectorFile("traces_otel", in: "kser")

    @Test(.enabled(if: file.isPresent, file.absence), arguments: try file.cases("cases"))
    func instrumentationTraces(_ recorded: TracingVector) async throws {
        let vector = try TraceVector(recorded)
        try vector.given.allow("op", "span", "message", "classes", "registered", "raw", "operation")
        try vector.expect.allow("dumps", "metadata_after", "task_metadata_after", "outcome", "log", "spans")
        if vector.parity != "must" { try Divergences.demandReason(for: recorded, in: Self.file) }
        let keeping = KeepingTracer { $0.codecs[.httpHeaders] = CompositeCodec.w3c }
        let tracing = Tracing(keeping.tracer, convention: .instrumentation, carriers: .tracing)
        switch try vector.given.text("op") {
        case "produce": try await produce(vector, keeping, tracing)
        case "consume":
            let controller = Controller(logger: .none, tracing: tracing)
            try await ScriptedClasses(vector.given).register(vector.given["registered"]?.array ?? [], with: controller)
            let result = await controller.run(try vector.given.text("raw"))
            // A plain entrypoint fails there when it is traced; ours runs.
            if vector.parity == "info" { return #expect(result.stdout == "ok" && keeping.spans.count == 5) }
            try vector.checkOutcome(result)
        case "operation":
            let (operation, uuid) = try ScriptedClasses(vector.given).operation(#require(vector.given["operation"]))
            let run = await operation.build(uuid: uuid, logger: .none, tracing: tracing)
            try vector.checkOutcome(await run.execute())
            #expect(run.tasks.map { JSON.object($0.metadata) } == vector.expect["task_metadata_after"]?.array)
        default: throw UnknownVector(description: "the operation \(vector.given)")
        }
        try check(keeping.spans, vector)
    }

    private func produce(_ vector: TraceVector, _ keeping: KeepingTracer, _ tracing: Tracing) async throws {
        let given = try #require(vector.given["message"]?.object)
        let broker = InMemoryBroker()
        let producer = TracedProducer(broker.makeProducer(), tracing)
        let message = Message(
            uuid: try given.text("uuid"),
            entrypoint: try given.text("entrypoint"),
            metadata: given["metadata"]?.object ?? [:]
        )
        var expected = try vector.expect.text("dumps")
        if let name = vector.given["span"]?.string {
            let traceparent = try await keeping.tracer.withActiveSpan(name) { scope in
                try await producer.send(message, to: "vec")
                let context = try #require(scope.span.context as? JaegerSpanContext)
                return "00-\(hex(context.traceID, 32))-\(hex(UInt128(context.spanID), 16))-01"
            }
            let theirs = "00-\(TraceNames.newTrace)-0000000000000001-01"
            try #require(expected.contains(theirs))
            expected.replace(theirs, with: traceparent)
        } else {
            try await producer.send(message, to: "vec")
        }
        let sent = try #require(broker.records(in: "vec").first?.value)
        #expect(String(decoding: sent, as: UTF8.self) == expected)
    }

    private func check(_ spans: [SpanRecord], _ vector: TraceVector) throws {
        var recorded = try #require(vector.expect["spans"]?.array)
        try #require(spans.count == recorded.count, "\(spans.map(\.operationName))")
        if vector.parity == "shape" {
            // What comes of an error is under the span that it ended, not in a trace of its own, and so ends before it.
            recorded.sort { ($0["name"]?.string ?? "") < ($1["name"]?.string ?? "") }
        }
        let ours = vector.parity == "shape" ? spans.sorted { $0.operationName < $1.operationName } : spans
        let names = TraceNames(recorded, vector.given["raw"]?.string)
        for (span, json) in zip(ours, recorded) {
            let object = try #require(json.object)
            try object.allow(
                "name",
                "trace_id",
                "span_id",
                "parent_span_id",
                "kind",
                "status",
                "attributes",
                "events"
            )
            #expect(span.operationName == object["name"]?.string)
            try checkContent(span, object)
            let isFirst = names.remoteSpan.map { object["parent_span_id"]?.string == $0 } ?? false
            if vector.parity == "shape" && !isFirst { continue }
            #expect(names.parent(of: span, in: spans) == names.parent(of: object))
            let trace = try object.text("trace_id")
            if trace == TraceNames.newTrace {
                #expect(span.traceID == spans.first { $0.spanID == span.parentID }?.traceID ?? span.traceID)
            } else {
                #expect(hex(span.traceID, 32) == trace)
            }
        }
    }

    private func checkContent(_ span: SpanRecord, _ object: JSONObject) throws {
        #expect(object["kind"]?.string == "INTERNAL" && span.tags[Tags.spanKind] == nil)
        let isError = span.tags[Tags.error] == .bool(true)
        #expect(object["status"]?.string == (isError ? "ERROR" : "UNSET"), "\(span.operationName)")
        let events = span.logs.compactMap { $0.fields[LogFields.event]?.text == "error" ? "exception" : nil }
        #expect(object["events"]?.array == events.map(JSON.string), "\(span.operationName)")
        let own = [Tags.error, "sampler.type", "sampler.param"]
        let attributes = try #require(object["attributes"]?.object)
        #expect(Set(span.tags.keys).subtracting(own) == Set(attributes.keys), "\(span.operationName)")
        for (key, value) in attributes {
            let expected = value == "<HOSTNAME>" ? .string(ProcessInfo.processInfo.hostName) : value
            #expect(span.tags[key]?.json == expected, "\(span.operationName): \(key)")
        }
    }
}

/// What the numbers of recorded spans stand for.
struct TraceNames {
    /// Each trace that begins there has this number.
    static let newTrace = "0af7651916cd43dd8448eb211c80319c"

    /// The span that the message came with.
    let remoteSpan: String?
    private let names: [String: String]

    init(_ recorded: [JSON], _ raw: String?) {
        let pairs = recorded.compactMap { json in
            json["span_id"]?.string.flatMap { id in json["name"]?.string.map { (id, $0) } }
        }
        names = Dictionary(uniqueKeysWithValues: pairs)
        let message = raw.flatMap { try? JSONMessageCodec().decode(Array($0.utf8)) }
        let traceparent = message?.metadata["tracing"]?["traceparent"]?.string
        remoteSpan = traceparent?.split(separator: "-").dropFirst(2).first.map(String.init)
    }

    /// The parent's name there; its number when it came with the message.
    func parent(of recorded: JSONObject) -> String? {
        recorded["parent_span_id"]?.string.map { names[$0] ?? $0 }
    }

    /// The parent's name here; its number when it came with the message.
    func parent(of span: SpanRecord, in spans: [SpanRecord]) -> String? {
        if span.parentID == 0 { return nil }
        return spans.first { $0.spanID == span.parentID }?.operationName ?? hex(UInt128(span.parentID), 16)
    }
}

func hex(_ number: UInt128, _ width: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
