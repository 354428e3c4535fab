import Jaeger
import Kser
import OpenTracing
import Synchronization
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    @Test(
        .enabled(if: VectorFile.probabilistic.isPresent, VectorFile.probabilistic.absence),
        arguments: try VectorFile.probabilistic.cases("const")
    )
    func constSampler(_ vector: TracingVector) throws {
        let decision = try #require(vector.given["decision"]?.bool as Bool?)
        let sampler = ConstSampler(decision)
        try check(sampler.decide(traceID: 1, operation: "op"), against: vector.given)
    }

    @Test(
        .enabled(if: VectorFile.probabilistic.isPresent, VectorFile.probabilistic.absence),
        arguments: try VectorFile.probabilistic.cases("errors")
    )
    func samplingRates(_ vector: TracingVector) throws {
        try vector.given.allow("rate", "error", "ok")
        let rate = try #require(vector.given["rate"]?.double)
        #expect(((try? ProbabilisticSampler(rate: rate)) == nil) == vector.given.contains("error"))
    }

    @Test(
        .enabled(if: VectorFile.probabilistic.isPresent, VectorFile.probabilistic.absence),
        arguments: try VectorFile.probabilistic.cases("cases")
    )
    func probabilisticSampler(_ vector: TracingVector) throws {
        try vector.given.allow("rate", "rate_bits", "boundary_bits", "boundary_floor_hex", "str", "tags", "decisions")
        let sampler = try ProbabilisticSampler(
            rate: Double(bitPattern: number(vector.given.text("rate_bits"), as: UInt64.self))
        )
        let recorded = try numeric(TypedValues.fields(vector.given, "tags"))
        for (id, sampled) in try vector.given.pairs("decisions") {
            let decision = sampler.decide(traceID: try number(id, as: UInt128.self), operation: "op")
            #expect(decision.isSampled == sampled.bool, "\(id)")
            #expect(decision.tags == recorded)
        }
    }

    @Test(
        .enabled(if: VectorFile.rateLimiting.isPresent, VectorFile.rateLimiting.absence),
        arguments: try VectorFile.rateLimiting.cases("cases")
    )
    func rateLimitingSampler(_ vector: TracingVector) throws {
        try vector.given.allow(
            "id",
            "max_traces_per_second",
            "initial_random",
            "start_time",
            "str",
            "max_balance",
            "initial_balance_bits",
            "tags",
            "steps"
        )
        let stage = try SamplerStage(vector.given)
        let sampler = try RateLimitingSampler(
            maxTracesPerSecond: #require(vector.given["max_traces_per_second"]?.double),
            clock: stage.clock
        )
        #expect(sampler.balance.bitPattern == (try number(vector.given.text("initial_balance_bits"), as: UInt64.self)))
        for step in try #require(vector.given["steps"]?.array).compactMap(\.object) {
            try step.allow(
                "op",
                "time",
                "sampled",
                "balance_bits",
                "balance",
                "max_traces_per_second",
                "changed",
                "max_balance",
                "str"
            )
            try stage.move(to: step)
            switch try step.text("op") {
            case "check":
                #expect(sampler.decide(traceID: 1, operation: "op").isSampled == step["sampled"]?.bool, "\(step)")
            case "update":
                let rate = try #require(step["max_traces_per_second"]?.double)
                #expect(try sampler.update(maxTracesPerSecond: rate) == step["changed"]?.bool)
            default: throw UnknownVector(description: "\(step)")
            }
            #expect(sampler.balance.bitPattern == (try number(step.text("balance_bits"), as: UInt64.self)), "\(step)")
        }
    }

    @Test(
        .enabled(if: VectorFile.adaptive.isPresent, VectorFile.adaptive.absence),
        arguments: try VectorFile.adaptive.cases("guaranteed_throughput")
    )
    func guaranteedThroughputSampler(_ vector: TracingVector) throws {
        let stage = try SamplerStage(vector.given)
        let sampler = try GuaranteedThroughputSampler(
            sampler: ProbabilisticSampler(rate: #require(vector.given["rate"]?.double)),
            lowerBound: #require(vector.given["lower_bound"]?.double),
            clock: stage.clock
        )
        for step in try #require(vector.given["steps"]?.array).compactMap(\.object) {
            try stage.move(to: step)
            if try step.text("op") == "sample" {
                try checkSample(step, by: sampler, operation: "op")
            } else {
                try #require(step.text("op") == "update")
                try sampler.update(
                    rate: #require(step["rate"]?.double),
                    lowerBound: #require(step["lower_bound"]?.double)
                )
            }
        }
    }

    @Test(
        .enabled(if: VectorFile.adaptive.isPresent, VectorFile.adaptive.absence),
        arguments: try VectorFile.adaptive.cases("adaptive")
    )
    func adaptiveSampler(_ vector: TracingVector) throws {
        let stage = try SamplerStage(vector.given)
        let sampler = try AdaptiveSampler(
            strategies(vector.given),
            maxOperations: #require(vector.given["max_operations"]?.int),
            clock: stage.clock
        )
        for step in try #require(vector.given["steps"]?.array).compactMap(\.object) {
            try stage.move(to: step)
            if try step.text("op") == "sample" {
                try checkSample(step, by: sampler, operation: step.text("operation"))
            } else {
                try #require(step.text("op") == "update")
                try sampler.update(strategies(step))
            }
            guard let operations = step["operations"]?.array else { continue }
            #expect(
                sampler.operations.map(\.key).sorted() == operations.compactMap { $0[0]?.string }.sorted(),
                "\(step)"
            )
        }
    }

    private func strategies(_ given: JSONObject) throws -> OperationStrategies {
        try OperationStrategies(json: Array("\(try #require(given["strategies"]))".utf8))
    }

    private func checkSample(_ step: JSONObject, by sampler: some Sampler, operation: String) throws {
        let traceID = try number(step.text("trace_id"), as: UInt128.self)
        let decision = sampler.decide(traceID: traceID, operation: operation)
        try check(decision, against: step)
    }

    private func check(_ decision: SamplingDecision, against given: JSONObject) throws {
        #expect(decision.isSampled == given["sampled"]?.bool, "\(given)")
        #expect(decision.tags == (try numeric(TypedValues.fields(given, "tags"))), "\(given)")
    }

    /// The reference keeps a rate that JSON wrote as a whole number as one; here it is a double.
    private func numeric(_ fields: Fields) -> Fields {
        Fields(
            fields.map { field in
                guard case .integer(let value) = field.value else { return field }
                return Fields.Field(field.key, .double(Double(value)))
            }
        )
    }
}

/// The time and the chance of a case.
final class SamplerStage: Sendable {
    private let time: Mutex<Double>
    private let random: Double

    init(_ given: JSONObject) throws {
        time = Mutex(try #require(given["start_time"]?.double))
        random = try #require(given["initial_random"]?.double)
    }

    var clock: SamplerClock {
        SamplerClock(now: { self.time.withLock { $0 } }, random: { self.random })
    }

    func move(to step: JSONObject) throws {
        let now = try #require(step["time"]?.double)
        time.withLock { $0 = now }
    }
}
