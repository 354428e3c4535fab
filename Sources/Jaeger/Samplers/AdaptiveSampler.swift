package import OpenTracing
import Synchronization

/// Samples each operation by a rate of its own, as Jaeger's backend computes them from the traffic.
package final class AdaptiveSampler: Sampler {
    private struct State {
        var samplers: TextDictionary<GuaranteedThroughputSampler> = [:]
        var fallback: ProbabilisticSampler
        var lowerBound: Double
    }

    private let state: Mutex<State>
    private let maxOperations: Int
    private let clock: SamplerClock

    /// - Parameters:
    ///   - strategies: the rates.
    ///   - maxOperations: how many operations get a sampler of their own when they are first seen; others share one.
    ///   - clock: what limiters go by.
    /// - Throws: ``JaegerError`` when a rate is out of range.
    package init(_ strategies: OperationStrategies, maxOperations: Int, clock: SamplerClock) throws(JaegerError) {
        self.maxOperations = maxOperations
        self.clock = clock
        let fallback = try ProbabilisticSampler(rate: strategies.probability)
        state = Mutex(State(fallback: fallback, lowerBound: strategies.lowerBound))
        try update(strategies)
    }

    package var probability: Double { state.withLock { $0.fallback.rate } }
    package var lowerBound: Double { state.withLock { $0.lowerBound } }
    package var operations: TextDictionary<GuaranteedThroughputSampler> { state.withLock { $0.samplers } }

    /// Changes the rates; operations that are not named keep theirs.
    ///
    /// - Throws: ``JaegerError`` when a rate is out of range; then nothing is changed.
    package func update(_ strategies: OperationStrategies) throws(JaegerError) {
        let strategies = try strategies.validated
        let fallback = try ProbabilisticSampler(rate: strategies.probability)
        for strategy in strategies.perOperationStrategies ?? [] {
            if let sampler = state.withLock({ $0.samplers[strategy.operation] }) {
                try sampler.update(rate: strategy.rate, lowerBound: strategies.lowerBound)
            } else {
                let sampler = try GuaranteedThroughputSampler(
                    sampler: ProbabilisticSampler(rate: strategy.rate),
                    lowerBound: strategies.lowerBound,
                    clock: clock
                )
                state.withLock { $0.samplers[strategy.operation] = sampler }
            }
        }
        state.withLock { state in
            state.lowerBound = strategies.lowerBound
            state.fallback = fallback
        }
    }

    /// The decision.
    package func decide(traceID: UInt128, operation: String) -> SamplingDecision {
        let sampler = state.withLock { state -> any Sampler in
            if let sampler = state.samplers[operation] { return sampler }
            guard state.samplers.count < maxOperations,
                let sampler = try? GuaranteedThroughputSampler(
                    sampler: state.fallback,
                    lowerBound: state.lowerBound,
                    clock: clock
                )
            else { return state.fallback }
            state.samplers[operation] = sampler
            return sampler
        }
        return sampler.decide(traceID: traceID, operation: operation)
    }
}
