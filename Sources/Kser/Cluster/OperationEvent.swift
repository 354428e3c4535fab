/// One change of a launched operation. An operation has one event of each version: a store keeps them under a unique key,
/// so that no operation can go on in two ways.
public struct OperationEvent: Sendable, Hashable {
    /// The uuid of the operation.
    public var operation: String
    /// The operation's version after the change, from 1.
    public var version: Int
    /// When it happened, in milliseconds since 1970.
    public var time: Int64
    /// The operation's round after the change.
    public var round: Int
    /// The operation's state after the change.
    public var status: TaskStatus
    /// The uuid of the task whose state changed; nil when none did, or several.
    public var task: String?
    /// That task's state after the change.
    public var taskStatus: TaskStatus?

    /// Makes an event.
    public init(
        operation: String,
        version: Int,
        time: Int64,
        round: Int,
        status: TaskStatus,
        task: String? = nil,
        taskStatus: TaskStatus? = nil
    ) {
        self.operation = operation
        self.version = version
        self.time = time
        self.round = round
        self.status = status
        self.task = task
        self.taskStatus = taskStatus
    }

    /// The event that begins the history of an operation.
    public static func launch(of head: OperationHead) -> OperationEvent {
        OperationEvent(
            operation: head.uuid,
            version: head.version,
            time: head.createdAt,
            round: head.round,
            status: head.status
        )
    }
}

/// What a store has to write to change an operation.
public struct OperationChange: Sendable {
    /// The operation's head as it was read.
    public let old: OperationHead
    /// The operation's head after the change.
    public let head: OperationHead
    /// The tasks that changed, as they are after it.
    public let tasks: [TaskRecord]
    /// The places of those whose results changed.
    public let results: Set<Int>
    /// The groups that changed, by step, as they are after it.
    public let groups: [(step: Int, group: OperationRecord.Group)]
    /// The event of the change; nil when only times moved.
    public let event: OperationEvent?
}
