public import OpenTracing

/// Decides, when a trace begins, whether it is reported.
public protocol Sampler: Sendable {
    /// The decision for a trace.
    ///
    /// - Parameters:
    ///   - traceID: the trace's number.
    ///   - operation: the name of its first span.
    /// - Returns: whether it is reported, and why.
    func decide(traceID: UInt128, operation: String) -> SamplingDecision

    /// Stops what runs in the background.
    func close()
}

extension Sampler {
    /// Does nothing.
    public func close() {}
}

/// Whether a trace is reported, and why.
public struct SamplingDecision: Sendable {
    /// Whether it is.
    public var isSampled: Bool
    /// What the first span is tagged with when it is: `sampler.type` and `sampler.param`.
    public var tags: Fields

    /// Makes a decision.
    public init(isSampled: Bool, tags: Fields) {
        self.isSampled = isSampled
        self.tags = tags
    }
}

extension Fields {
    static func sampler(_ type: String, _ parameter: FieldValue) -> Fields {
        var fields = Fields()
        fields.append("sampler.type", .string(type))
        fields.append("sampler.param", parameter)
        return fields
    }
}
