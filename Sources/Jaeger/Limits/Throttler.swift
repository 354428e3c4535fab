/// Decides whether a trace may be forced by a debug id or by `sampling.priority`.
public protocol Throttler: Sendable {
    /// Whether an operation may.
    func isAllowed(_ operation: String) -> Bool
    /// Tells which process asks. Only the first call counts.
    func setClientID(_ id: UInt64)
    /// Stops what runs in the background.
    func close()
}

extension Throttler {
    /// Does nothing.
    public func setClientID(_ id: UInt64) {}
    /// Does nothing.
    public func close() {}
}
