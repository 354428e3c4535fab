import OpenTracing
import Synchronization

/// For one operation: samples a share of its traces, and some in any case, so that rare operations are seen too.
public final class GuaranteedThroughputSampler: Sampler {
    private struct State {
        var sampler: ProbabilisticSampler
        var lowerBound: Double
        var tags: Fields

        init(_ sampler: ProbabilisticSampler, lowerBound: Double) {
            self.sampler = sampler
            self.lowerBound = lowerBound
            tags = .sampler("lowerbound", .double(sampler.rate))
        }
    }

    private let state: Mutex<State>
    private let limiter: RateLimiter

    /// Makes a sampler.
    ///
    /// - Parameters:
    ///   - rate: the share of the traces, from 0 to 1.
    ///   - lowerBound: how many traces in a second are sampled in any case.
    /// - Throws: ``JaegerError`` of code `invalidArgument`.
    public convenience init(rate: Double, lowerBound: Double) throws(JaegerError) {
        try self.init(sampler: ProbabilisticSampler(rate: rate), lowerBound: lowerBound, clock: .system)
    }

    package init(sampler: ProbabilisticSampler, lowerBound: Double, clock: SamplerClock) throws(JaegerError) {
        try Self.check(lowerBound)
        limiter = RateLimiter(rate: lowerBound, maximum: max(lowerBound, 1), random: clock.random(), now: clock.now)
        state = Mutex(State(sampler, lowerBound: lowerBound))
    }

    static func check(_ lowerBound: Double) throws(JaegerError) {
        guard lowerBound >= 0, lowerBound.isFinite else {
            throw JaegerError(.invalidArgument, "the lower bound is \(lowerBound) traces a second, not 0 or more")
        }
    }

    /// The share of the traces.
    public var rate: Double { state.withLock { $0.sampler.rate } }
    /// How many traces in a second are sampled in any case.
    public var lowerBound: Double { state.withLock { $0.lowerBound } }

    /// Changes both numbers.
    ///
    /// - Throws: ``JaegerError`` of code `invalidArgument`.
    public func update(rate: Double, lowerBound: Double) throws(JaegerError) {
        let sampler = try ProbabilisticSampler(rate: rate)
        try Self.check(lowerBound)
        let hasOtherBound = state.withLock { state in
            defer { state = State(sampler, lowerBound: lowerBound) }
            return state.lowerBound != lowerBound
        }
        if hasOtherBound { limiter.update(rate: lowerBound, maximum: max(lowerBound, 1)) }
    }

    /// The decision.
    public func decide(traceID: UInt128, operation: String) -> SamplingDecision {
        let state = state.withLock { $0 }
        let decision = state.sampler.decide(traceID: traceID, operation: operation)
        let isWithinBound = limiter.take()
        return decision.isSampled ? decision : SamplingDecision(isSampled: isWithinBound, tags: state.tags)
    }
}
