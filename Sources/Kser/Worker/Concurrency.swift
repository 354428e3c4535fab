/// How many records of a worker's partitions are in work at once, and in which order.
public struct Concurrency: Sendable, Hashable {
    enum Mode: Sendable, Hashable { case partition, key, unordered }

    let mode: Mode
    let limit: Int

    /// One record at a time in each partition, in order; partitions run beside one another.
    public static let partition = Concurrency(mode: .partition, limit: .max)

    /// Records of one key in order, keys beside one another; records without a key wait for none.
    ///
    /// - Parameter limit: handlers in flight in the whole worker, at least 1.
    /// - Returns: the choice, for a ``Worker``.
    public static func key(limit: Int) -> Concurrency { Concurrency(mode: .key, limit: max(1, limit)) }

    /// Every record beside every other, in no order.
    ///
    /// - Parameter limit: handlers in flight in the whole worker, at least 1.
    /// - Returns: the choice, for a ``Worker``.
    public static func unordered(limit: Int) -> Concurrency { Concurrency(mode: .unordered, limit: max(1, limit)) }
}
