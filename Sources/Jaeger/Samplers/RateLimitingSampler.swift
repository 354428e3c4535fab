import OpenTracing
import Synchronization

/// Samples so many traces in a second at most.
public final class RateLimitingSampler: Sampler {
    private let limiter: RateLimiter
    private let tags: Mutex<Fields>

    /// Makes a sampler.
    ///
    /// - Parameter maxTracesPerSecond: how many traces, 0 or more. Below 1 it is one trace in several seconds.
    /// - Throws: ``JaegerError`` of code `invalidArgument` when it is negative.
    public convenience init(maxTracesPerSecond: Double) throws(JaegerError) {
        try self.init(maxTracesPerSecond: maxTracesPerSecond, clock: .system)
    }

    package init(maxTracesPerSecond: Double, clock: SamplerClock) throws(JaegerError) {
        try Self.check(maxTracesPerSecond)
        limiter = RateLimiter(
            rate: maxTracesPerSecond,
            maximum: max(maxTracesPerSecond, 1),
            random: clock.random(),
            now: clock.now
        )
        tags = Mutex(.sampler("ratelimiting", .double(maxTracesPerSecond)))
    }

    private static func check(_ rate: Double) throws(JaegerError) {
        guard rate >= 0, rate.isFinite else {
            throw JaegerError(.invalidArgument, "the traces in a second are \(rate), not 0 or more")
        }
    }

    /// How many traces in a second.
    public var maxTracesPerSecond: Double { limiter.rate }
    package var balance: Double { limiter.balance }

    /// Changes how many traces in a second.
    ///
    /// - Returns: whether it was another number before.
    /// - Throws: ``JaegerError`` of code `invalidArgument` when it is negative.
    @discardableResult
    public func update(maxTracesPerSecond: Double) throws(JaegerError) -> Bool {
        try Self.check(maxTracesPerSecond)
        guard limiter.rate != maxTracesPerSecond else { return false }
        limiter.update(rate: maxTracesPerSecond, maximum: max(maxTracesPerSecond, 1))
        tags.withLock { $0 = .sampler("ratelimiting", .double(maxTracesPerSecond)) }
        return true
    }

    /// The decision.
    public func decide(traceID: UInt128, operation: String) -> SamplingDecision {
        SamplingDecision(isSampled: limiter.take(), tags: tags.withLock { $0 })
    }
}
