import Jaeger
import Kser
import KserTracing
import OpenTracing
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    private static let file = VectorFile("traces_former", in: "kser")

    /// Python's ids are matched to ours: there a root's span has the number of its trace.
    @Test(.enabled(if: file.isPresent, file.absence), arguments: try file.cases("cases"))
    func formerTraces(_ recorded: TracingVector) async throws {
        let vector = try TraceVector(recorded)
        try vector.given.allow("classes", "operation", "registered", "raw", "ids", "time")
        try vector.expect.allow("outcome", "task_messages", "log", "spans")
        let keeping = KeepingTracer { $0.uses128BitTraceIDs = false }
        var tracing = Tracing(keeping.tracer, convention: .former, carriers: .parentSpan)
        tracing.now = { 1_700_000_000.25 }
        let classes = try ScriptedClasses(vector.given)

        var messages: [Message] = []
        let result: ExecutionResult
        if let raw = vector.given["raw"]?.string {
            let controller = Controller(logger: .none, tracing: tracing)
            try await classes.register(vector.given["registered"]?.array ?? [], with: controller)
            result = await controller.run(raw)
        } else {
            let (operation, uuid) = try classes.operation(#require(vector.given["operation"]))
            let run = await operation.build(uuid: uuid, logger: .none, tracing: tracing)
            result = await run.execute()
            messages = run.tasks.map { $0.message(result: nil) }
        }
        // What Python does there is its bug; ours is to go on.
        if vector.parity != "must" { try Divergences.demandReason(for: recorded, in: Self.file) }
        if vector.parity == "info" { return try checkInfo(vector, result, keeping) }
        #expect(vector.parity == "must")
        try vector.checkOutcome(result)
        var ids = IDs(carriedBy: vector.given["raw"]?.string)
        try check(keeping.spans, vector.expect, &ids)
        try check(messages, vector.expect["task_messages"]?.array ?? [], &ids)
    }

    private func checkInfo(_ vector: TraceVector, _ result: ExecutionResult, _ keeping: KeepingTracer) throws {
        let checksFields = vector.id == "trf-015"
        #expect(result.isSuccess != checksFields, "required fields are checked by traced tasks too")
        let span = try #require(keeping.spans("vec.A").first)
        switch vector.id {
        // Without the name or the flags the numbers are there; sampled is what the carrier's existence says.
        case "trf-006", "trf-007": #expect(span.traceID == 5 && span.parentID == 6 && span.flags == .sampled)
        // Without the numbers, or with others than numbers, there is no trace to continue.
        case "trf-008", "trf-013": #expect(span.parentID == 0 && span.traceID != 5)
        case "trf-015": #expect(span.tags[Tags.error] == true)
        default: throw UnknownVector(description: "the informative case \(vector.id)")
        }
    }

    private func check(_ spans: [SpanRecord], _ expect: JSONObject, _ ids: inout IDs) throws {
        let recorded = try #require(expect["spans"]?.array)
        try #require(spans.count == recorded.count, "\(spans.map(\.operationName))")
        for (span, json) in zip(spans, recorded) {
            let object = try #require(json.object)
            try object.allow("operation_name", "trace_id", "span_id", "parent_id", "flags", "tags")
            #expect(span.operationName == object["operation_name"]?.string)
            #expect(Int(span.flags.rawValue) == object["flags"]?.int)
            try ids.expect(span.traceID, .trace, object["trace_id"])
            try ids.expect(UInt128(span.spanID), .span, object["span_id"])
            try ids.expect(UInt128(span.parentID), .span, object["parent_id"])
            let tags = try #require(object["tags"]?.object)
            #expect(Set(span.tags.keys) == Set(tags.keys), "\(span.operationName)")
            for (key, value) in tags { #expect(span.tags[key]?.json == value, "\(key)") }
        }
    }

    private func check(_ messages: [Message], _ recorded: [JSON], _ ids: inout IDs) throws {
        try #require(messages.count == recorded.count)
        for (message, json) in zip(messages, recorded) {
            let text = try #require(json.string)
            let expected = try JSONMessageCodec().decode(Array(text.utf8))
            #expect(message.uuid == expected.uuid && message.entrypoint == expected.entrypoint)
            #expect(message.result == expected.result && message.params == expected.params)
            #expect(message.metadata.keys == expected.metadata.keys)
            let carrier = try #require(message.metadata["__parent-span__"]?.object)
            let theirs = try #require(expected.metadata["__parent-span__"]?.object)
            #expect(carrier.keys == theirs.keys)
            for (key, kind) in [("trace_id", IDs.Kind.trace), ("span_id", .span), ("parent_id", .span)] {
                try ids.expect(carrier[key]?.number ?? 0, kind, theirs[key])
            }
            for key in ["flags", "operation_name", "start_time"] { #expect(carrier[key] == theirs[key], "\(key)") }
            // The sampler's tags are the tracer's own: OpenTracing does not tell them, and no reader asks for them.
            let tags = try #require(theirs["tags"]?.object).filter { !$0.key.hasPrefix("sampler.") }
            #expect(carrier["tags"]?.object == JSONObject(tags))
        }
    }
}

/// Which of our numbers stands for which of Python's. Those that came from outside stand for themselves.
struct IDs {
    enum Kind { case trace, span }

    private var known: [String: UInt128] = [:]
    private var given: Set<UInt128> = []

    init(carriedBy raw: String?) {
        guard let raw, let message = try? JSONMessageCodec().decode(Array(raw.utf8)) else { return }
        let carrier = message.metadata["__parent-span__"]?.object ?? [:]
        given = Set(["trace_id", "span_id"].compactMap { carrier[$0]?.number })
    }

    mutating func expect(_ ours: UInt128, _ kind: Kind, _ json: JSON?) throws {
        let json = try #require(json)
        if json.isNull { return #expect(ours == 0, "there is no parent") }
        let theirs = try #require((json["$int"] ?? json).number, "\(json)")
        if given.contains(theirs) { return #expect(ours == theirs) }
        let key = "\(kind) \(theirs)"
        #expect(ours != 0 && known[key, default: ours] == ours)
        known[key] = ours
    }
}

extension JSON {
    fileprivate var number: UInt128? {
        switch self {
        case .integer(let number): UInt128(exactly: number)
        case .unsigned(let number): UInt128(number)
        case .string(let text): UInt128(text)
        default: nil
        }
    }
}

extension FieldValue {
    var json: JSON? {
        switch self {
        case .string(let text): .string(text)
        case .bool(let truth): .bool(truth)
        case .integer(let number): .integer(number)
        default: nil
        }
    }
}
