/// The state of a task or an operation; the set is open.
public struct TaskStatus: RawRepresentable, Sendable, Hashable {
    /// The name on the wire and in log lines.
    public var rawValue: String

    /// A state by its name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Not begun.
    public static let pending = TaskStatus(rawValue: "PENDING")
    /// Begun and not ended.
    public static let running = TaskStatus(rawValue: "RUNNING")
    /// Ended well.
    public static let success = TaskStatus(rawValue: "SUCCESS")
    /// Ended badly.
    public static let failed = TaskStatus(rawValue: "FAILED")

    /// An operation that begins no further task until it is resumed.
    public static let paused = TaskStatus(rawValue: "PAUSED")
    /// An operation that ends as soon as the tasks in work have.
    public static let cancelling = TaskStatus(rawValue: "CANCELLING")
    /// An operation that was ended before its time.
    public static let cancelled = TaskStatus(rawValue: "CANCELLED")
    /// What succeeded is being compensated.
    public static let compensating = TaskStatus(rawValue: "COMPENSATING")
    /// A task that succeeded and was compensated.
    public static let compensated = TaskStatus(rawValue: "COMPENSATED")
    /// A task that succeeded and whose compensation failed.
    public static let uncompensated = TaskStatus(rawValue: "UNCOMPENSATED")
}
