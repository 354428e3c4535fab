import Foundation
import Jaeger
import Kser
import OpenTracing
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    @Test(
        .enabled(if: VectorFile.remote.isPresent, VectorFile.remote.absence),
        arguments: try VectorFile.remote.cases("cases")
    )
    func remoteSampler(_ vector: TracingVector) throws {
        try vector.given.allow("id", "max_operations", "initial_sampler", "steps")
        let metrics = JaegerMetrics()
        var options = RemoteSampler.Options()
        options.maxOperations = try #require(vector.given["max_operations"]?.int)
        if vector.name == "init_sampler" { options.initialSampler = ConstSampler(true) }
        let sampler = RemoteSampler(
            service: "svc",
            options: options,
            metrics: metrics,
            log: .none,
            clock: .system
        )
        #expect(try describe(sampler.current) == vector.given.text("initial_sampler"))
        for step in try #require(vector.given["steps"]?.array).compactMap(\.object) {
            try step.allow("response_body", "http_failure", "sampler", "same_instance", "errors", "counters_delta")
            let before = metrics.counters
            sampler.take(step["response_body"]?.string.map { Array($0.utf8) })
            let changes = zip(before, metrics.counters).filter { $0.value != $1.value }
                .map { "\($1.flatName) \($1.value - $0.value)" }
            #expect(changes == (try step.pairs("counters_delta").map { "\($0.key) \($0.value)" }), "\(step)")
            // A rate out of range changes nothing here; the reference changes what it came to before.
            let recorded = try step.text("sampler")
            if recorded == "AdaptiveSampler(3.000000, 1.000000, 2000)" {
                try Divergences.demandReason(for: vector, in: .remote)
            } else {
                #expect(describe(sampler.current) == numeric(recorded), "\(step)")
            }
        }
    }

    /// A sampler as Python writes it.
    private func describe(_ sampler: any Sampler) -> String {
        switch sampler {
        case let sampler as ConstSampler: "ConstSampler(\(sampler.decision ? "True" : "False"))"
        case let sampler as ProbabilisticSampler: "ProbabilisticSampler(\(sampler.rate))"
        case let sampler as RateLimitingSampler: "RateLimitingSampler(\(sampler.maxTracesPerSecond))"
        case let sampler as AdaptiveSampler: "AdaptiveSampler(\(sampler.probability), \(sampler.lowerBound))"
        default: "\(sampler)"
        }
    }

    /// Python's text with all numbers as doubles, and without the last one of an adaptive sampler.
    private func numeric(_ text: String) -> String {
        guard let open = text.firstIndex(of: "(") else { return text }
        let numbers = text[open...].dropFirst().dropLast().split(separator: ", ").prefix(2)
        let doubles = numbers.map { number in Double(number).map { "\($0)" } ?? String(number) }
        return "\(text[..<open])(\(doubles.joined(separator: ", ")))"
    }

    @Test(
        .enabled(if: VectorFile.throttler.isPresent, VectorFile.throttler.absence),
        arguments: try VectorFile.throttler.cases("cases")
    )
    func throttler(_ vector: TracingVector) throws {
        try vector.given.allow("id", "steps", "counters")
        let metrics = JaegerMetrics()
        let throttler = RemoteThrottler(service: "svc", endpoint: "http://localhost:5778/credits", metrics: metrics)
        for step in try #require(vector.given["steps"]?.array).compactMap(\.object) {
            switch try step.text("op") {
            case "set_client_id":
                throttler.setClientID(UInt64(try #require(step["client_id"]?.int)))
                #expect(throttler.clientID == step["effective_client_id"]?.int.map { UInt64($0) })
            case "is_allowed": #expect(throttler.isAllowed(try step.text("operation")) == step["allowed"]?.bool)
            case "response": throttler.take(step["body"]?.string.map { Array($0.utf8) })
            case "fetch":
                let request = try #require(step["requests"]?.array).first
                let operations =
                    request?["operations"]?.array?.compactMap { $0.string.map { "&operations=\($0)" } } ?? []
                let query = request.map { "service=svc&uuid=\($0["uuid"]?.int ?? 0)\(operations.joined())" }
                #expect(throttler.question?.query == query)
            default: throw UnknownVector(description: "\(step)")
            }
            let credits = try step.pairs("credits").map { (key: $0.key, value: try #require($0.value.double)) }
            #expect(throttler.credits == TextDictionary(credits), "\(step)")
        }
        for (name, count) in try vector.given.pairs("counters") { #expect(metrics[name] == count.int, "\(name)") }
    }

    @Test(
        .enabled(if: VectorFile.baggage.isPresent, VectorFile.baggage.absence),
        arguments: try VectorFile.baggage.cases("cases")
    )
    func baggageRestrictions(_ vector: TracingVector) throws {
        try vector.given.allow(
            "id",
            "deny_baggage_on_initialization_failure",
            "initialized",
            "ops",
            "request",
            "response_body",
            "response_status",
            "sampled"
        )
        let restrictions = RemoteBaggageRestrictions(
            service: "svc a",
            endpoint: "http://localhost:5778/baggageRestrictions",
            refreshInterval: .seconds(60),
            deniesUntilAnswered: vector.given["deny_baggage_on_initialization_failure"]?.bool == true,
            log: .none
        )
        let isAnswered = vector.given["response_status"]?.int == 200
        restrictions.take(isAnswered ? Array(try vector.given.text("response_body").utf8) : nil)
        var options = JaegerTracerOptions()
        options.baggageRestrictions = restrictions
        // Go cuts values of logs when it sends them.
        options.maxTagValueLength = 4096
        let tracer = JaegerTracer(
            serviceName: "svc a",
            sampler: ConstSampler(vector.given["sampled"]?.bool == true),
            reporter: NullReporter(),
            options: options
        )
        let span = try #require(tracer.startSpan("op") as? JaegerSpan)
        for operation in try #require(vector.given["ops"]?.array).compactMap(\.object) {
            try operation.allow("key", "value", "stored", "logs")
            let (key, before) = (try operation.text("key"), span.record.logs.count)
            span.setBaggageItem(key, try operation.text("value"))
            // The reference may cut a character of several bytes in two; here it is left out.
            func whole(_ text: String) -> String { text.filter { $0 != "\u{fffd}" } }
            #expect(span.baggageItem(key) ?? "" == whole(try operation.text("stored")))
            let logs = span.record.logs.dropFirst(before).map(\.fields)
            let recorded = try (operation["logs"]?.array ?? []).map { log in
                try Fields(
                    (log.array ?? []).map { pair in
                        Fields.Field(try #require(pair[0]?.string), .string(whole(try #require(pair[1]?.string))))
                    }
                )
            }
            #expect(Array(logs) == recorded)
        }
    }
}
