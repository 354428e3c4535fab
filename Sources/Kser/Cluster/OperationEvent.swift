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
}

/// What a store has to write to change an operation.
public struct OperationChange: Sendable {
    /// The event of the change.
    public let event: OperationEvent
    /// The tasks that changed, as they are after it.
    public let tasks: [TaskRecord]

    /// The change from one version of an operation to the next.
    public init(from old: OperationRecord, to new: OperationRecord) {
        let pairs = zip(old.tasks, new.tasks).filter { $0 != $1 }
        let moved = pairs.filter { $0.status != $1.status }.map(\.1)
        let task = moved.count == 1 ? moved.first : nil
        tasks = pairs.map(\.1)
        event = OperationEvent(
            operation: new.uuid,
            version: new.version,
            time: new.updatedAt,
            round: new.round,
            status: new.status,
            task: task?.uuid,
            taskStatus: task?.status
        )
    }

    /// The event that begins the history of an operation.
    public static func launch(of operation: OperationRecord) -> OperationEvent {
        OperationEvent(
            operation: operation.uuid,
            version: operation.version,
            time: operation.createdAt,
            round: operation.round,
            status: operation.status
        )
    }
}
