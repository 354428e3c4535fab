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
}
