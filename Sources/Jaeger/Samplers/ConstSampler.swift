import OpenTracing

/// Decides the same for each trace.
public struct ConstSampler: Sampler {
    /// The decision.
    public let decision: Bool
    private let tags: Fields

    /// Makes a sampler.
    public init(_ decision: Bool) {
        self.decision = decision
        tags = .sampler("const", .bool(decision))
    }

    /// The decision.
    public func decide(traceID: UInt128, operation: String) -> SamplingDecision {
        SamplingDecision(isSampled: decision, tags: tags)
    }
}
