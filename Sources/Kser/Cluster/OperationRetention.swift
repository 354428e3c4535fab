/// How long operations are kept after their end; see ``OperationCluster/retention``.
public struct OperationRetention: Sendable, Hashable {
    /// How long those are kept that succeeded; nil keeps them for ever.
    public var succeeded: Duration?
    /// How long those are kept that failed or were cancelled, and may be run again; nil keeps them for ever.
    public var failed: Duration?

    /// Makes a retention.
    public init(succeeded: Duration? = nil, failed: Duration? = nil) {
        self.succeeded = succeeded
        self.failed = failed
    }
}

extension OperationCluster {
    /// Removes operations that have been kept for as long as ``retention`` says. Workers do it by themselves, as often as they
    /// look for what stands still.
    ///
    /// - Returns: how many operations were removed.
    /// - Throws: ``StoreError``.
    @discardableResult
    public func prune() async throws -> Int {
        guard let retention else { return 0 }
        var count = 0
        for (age, statuses) in [
            (retention.succeeded, [TaskStatus.success]), (retention.failed, [.failed, .cancelled]),
        ] {
            guard let age else { continue }
            let time = clock.now().subtractingSaturating(age.milliseconds)
            count += try await store.prune(endedBefore: time, statuses: Set(statuses))
        }
        return count
    }
}
