import Jaeger
import Kser
import OpenTracing
import Synchronization
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    @Test(
        .enabled(if: VectorFile.scenarios.isPresent, VectorFile.scenarios.absence),
        arguments: try VectorFile.scenarios.cases("scenarios")
    )
    func tracer(_ scenario: TracingVector) throws {
        try scenario.given.allow(
            "id",
            "tracer",
            "scope_manager",
            "ids",
            "ops",
            "reported",
            "counters",
            "warnings"
        )
        let script = try JaegerScript(scenario.given)
        for operation in try #require(scenario.given["ops"]?.array) {
            try script.perform(#require(operation.object))
        }
        let recorded = try #require(scenario.given["reported"]?.array)
        let spans = script.reporter.spans.map(\.record)
        try #require(spans.count == recorded.count)
        for (span, recorded) in zip(spans, recorded) { try check(span, against: #require(recorded.object)) }
        let counters = script.tracer.metrics.counters.filter { $0.value != 0 }.map { "\($0.flatName) \($0.value)" }
        let expected = try scenario.given.pairs("counters").map { "\($0.key) \($0.value)" }
        #expect(counters.sorted() == expected.sorted())
        let warnings = scenario.given["warnings"]?.array?.compactMap(\.string) ?? []
        #expect(script.warnings == warnings)
    }

    private func check(_ span: SpanRecord, against given: JSONObject) throws {
        var recorded = try SpanRecord(recorded: given)
        if recorded.references?.isEmpty == true { recorded.references = nil }
        #expect(TypedValues.match(span.tags, recorded.tags), "\(span.tags), not \(recorded.tags)")
        try #require(span.logs.count == recorded.logs.count)
        for (log, recorded) in zip(span.logs, recorded.logs) {
            #expect(log.timestamp == recorded.timestamp)
            #expect(TypedValues.match(log.fields, recorded.fields), "\(log.fields), not \(recorded.fields)")
        }
        recorded.tags = span.tags
        recorded.logs = span.logs
        #expect(span == recorded)
    }
}

/// Runs the operations of a scenario on a tracer.
final class JaegerScript {
    private final class Stage: Sendable {
        let now = Mutex(1_500_000_000.0)
        let ids: Mutex<[UInt128]>
        let warnings = Mutex<[String]>([])

        init(ids: [UInt128]) { self.ids = Mutex(ids) }
    }

    private struct AllowedOperations: Throttler {
        let names: [String]

        func isAllowed(_ operation: String) -> Bool { names.contains(operation) }
    }

    private let stage: Stage
    let tracer: JaegerTracer
    let reporter = InMemoryReporter()
    var spans: [String: any Span] = [:]
    var scopes: [String: any Scope] = [:]
    var contexts: [String: any SpanContext] = [:]

    var warnings: [String] { stage.warnings.withLock { $0 } }

    init(_ scenario: JSONObject) throws {
        let ids = try scenario["ids"]?.array ?? #require(VectorFile.scenarios.json()["default_ids"]?.array)
        let stage = Stage(ids: try ids.map { try number(#require($0.string), as: UInt128.self) })
        self.stage = stage
        var options = JaegerTracerOptions()
        var (name, sampler): (String, any Sampler) = ("svc", ConstSampler(true))
        if let given = scenario["tracer"]?.object {
            for key in given.keys {
                let value = try #require(given[key])
                switch key {
                case "sampler" where value[0]?.string == "const": sampler = ConstSampler(value[1]?.bool == true)
                case "sampler":
                    try #require(value[0]?.string == "probabilistic")
                    sampler = try ProbabilisticSampler(rate: #require(value[1]?.double))
                case "generate_128bit_trace_id": options.uses128BitTraceIDs = value.bool == true
                case "one_span_per_rpc": options.sharesSpanWithClient = value.bool == true
                case "max_tag_value_length": options.maxTagValueLength = try #require(value.int)
                case "debug_id_header": options.headers.debugID = try #require(value.string)
                case "service_name": name = try #require(value.string)
                case "tags": options.tags = try TypedValues.fields(given, "tags")
                case "throttler":
                    let names = try #require(value["allowed_operations"]?.array).compactMap(\.string)
                    options.throttler = AllowedOperations(names: names)
                default: throw UnknownVector(description: "the option \(key)")
                }
            }
        }
        options.now = { stage.now.withLock { $0 } }
        options.ids = IDGenerator { stage.ids.withLock { $0.removeFirst() } }
        options.log = JaegerLog { level, message in
            if level == .warning { stage.warnings.withLock { $0.append(message) } }
        }
        tracer = JaegerTracer(serviceName: name, sampler: sampler, reporter: reporter, options: options)
    }

    func perform(_ operation: JSONObject) throws {
        switch try operation.text("op") {
        case "start_span", "start_active_span": try start(operation)
        case "inject", "extract": try propagate(operation)
        case "activate":
            scopes[try operation.text("scope")] = tracer.scopeManager.activate(
                try span(operation),
                finishOnClose: operation["finish_on_close"]?.bool ?? true
            )
        case "active":
            let active = try #require(operation["result"])
            #expect(tracer.activeSpan === (try active.string.map { try #require(spans[$0]) }))
        case "close": try scope(operation).close()
        case "clock":
            let now = try #require(operation["time"]?.double)
            stage.now.withLock { $0 = now }
        case "finished_count": #expect(reporter.spans.count == operation["result"]?.int)
        case "with_scope_raising":
            let (scope, error) = (try scope(operation), ScriptedError(description: try operation.text("message")))
            #expect(throws: ScriptedError.self) { try scope.run { _ throws(ScriptedError) in throw error } }
        default: try change(operation)
        }
    }

    private func change(_ operation: JSONObject) throws {
        let span = try span(operation)
        if try ScriptedSpans.change(span, by: operation) { return }
        let jaeger = try #require(span as? JaegerSpan)
        switch try operation.text("op") {
        case "with_span": span.run { _ in }
        case "state": #expect(jaeger.jaegerContext == (try JaegerSpanContext(#require(operation["result"]?.object))))
        case "is_sampled": #expect(jaeger.isSampled == operation["result"]?.bool)
        case "is_rpc": #expect([jaeger.isRPC, jaeger.isRPCClient] == operation["result"]?.array?.compactMap(\.bool))
        case "repr": #expect("\(jaeger)" == operation["result"]?.string)
        default: throw UnknownVector(description: "the operation \(operation)")
        }
    }

    private func span(_ operation: JSONObject) throws -> any Span {
        try #require(spans[operation.text("span")], "\(operation)")
    }

    private func scope(_ operation: JSONObject) throws -> any Scope {
        try #require(scopes[operation.text("scope")], "\(operation)")
    }
}
