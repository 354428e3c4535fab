import OpenTracing

/// Samples a share of the traces. The decision depends on the low 64 bits of the trace id alone, so that every service
/// of the same rate takes the same traces.
public struct ProbabilisticSampler: Sampler {
    /// The share, from 0 to 1.
    public let rate: Double
    private let tags: Fields
    /// Ids below it are sampled; nil: all are.
    private let boundary: UInt64?

    /// Makes a sampler.
    ///
    /// - Throws: ``JaegerError`` of code `invalidArgument` when the rate is not within 0 and 1.
    public init(rate: Double) throws(JaegerError) {
        guard (0...1).contains(rate) else {
            throw JaegerError(.invalidArgument, "the sampling rate is \(rate), not from 0 to 1")
        }
        self.init(valid: rate)
    }

    private init(valid rate: Double) {
        self.rate = rate
        tags = .sampler("probabilistic", .double(rate))
        // An id is a whole number: it is below the boundary when it is below the next whole number.
        boundary = UInt64(exactly: (rate * 0x1p64).rounded(.up))
    }

    /// Jaeger's rate for services that were told nothing: one trace in 1000.
    public static let `default` = ProbabilisticSampler(valid: 0.001)

    /// The decision.
    public func decide(traceID: UInt128, operation: String) -> SamplingDecision {
        let isSampled = boundary.map { UInt64(truncatingIfNeeded: traceID) < $0 } ?? true
        return SamplingDecision(isSampled: isSampled, tags: tags)
    }
}
