/// A launched operation as an ``OperationStore`` keeps it: what it was asked for, how far it is, and its tasks.
///
/// Times are in milliseconds since 1970.
public struct OperationRecord: Sendable, Hashable {
    /// Tasks that run at once and are one step; see ``TaskCall/concurrent(limit:onFailure:collectingInto:uuid:_:)``.
    public struct Group: Sendable, Hashable {
        /// The uuid of the merged result.
        public var uuid: String
        /// How many tasks run at a time; nil sets no limit.
        public var limit: Int?
        /// Whether all tasks run to their end when one failed.
        public var finishesAll: Bool
        /// The key in `retval` under which all results are listed.
        public var key: String?

        /// Makes a group.
        public init(uuid: String, limit: Int? = nil, finishesAll: Bool = false, key: String? = nil) {
            self.uuid = uuid
            self.limit = limit
            self.finishesAll = finishesAll
            self.key = key
        }
    }

    /// The uuid of the operation.
    public var uuid: String
    /// The path of its entrypoint.
    public var entrypoint: String
    /// The parameters it was built from.
    public var params: JSONObject
    /// Data about the operation.
    public var metadata: JSONObject
    /// The state of the operation.
    public var status: TaskStatus
    /// What it ends as when its compensation is over; nil while it is not compensated.
    public var ending: TaskStatus?
    /// The step in work, from 0.
    public var position: Int
    /// How often the operation began: retrying it and compensating it begin a new round, and messages of earlier rounds
    /// count no more.
    public var round: Int
    /// Whether what succeeded is compensated when the operation fails or is cancelled.
    public var compensates: Bool
    /// The result that goes to the first task.
    public var input: ExecutionResult?
    /// What the operation gave; nil before.
    public var result: ExecutionResult?
    /// How long the operation may take, in milliseconds.
    public var timeLimit: Int64?
    /// When it fails unless it is done.
    public var deadline: Int64?
    /// When it was launched.
    public var createdAt: Int64
    /// When its first task began.
    public var startedAt: Int64?
    /// When it changed last.
    public var updatedAt: Int64
    /// When it ended.
    public var endedAt: Int64?
    /// The number of changes so far; each change is made only to the version it was worked out from.
    public var version: Int
    /// The steps that are groups.
    public var groups: [Int: Group]
    /// The tasks in order.
    public var tasks: [TaskRecord]

    /// Makes a record that has not begun.
    public init(
        uuid: String,
        entrypoint: String,
        params: JSONObject = [:],
        metadata: JSONObject = [:],
        compensates: Bool = false,
        input: ExecutionResult? = nil,
        timeLimit: Int64? = nil,
        createdAt: Int64,
        groups: [Int: Group] = [:],
        tasks: [TaskRecord]
    ) {
        self.uuid = uuid
        self.entrypoint = entrypoint
        self.params = params
        self.metadata = metadata
        self.compensates = compensates
        self.input = input
        self.timeLimit = timeLimit
        self.createdAt = createdAt
        self.groups = groups
        self.tasks = tasks
        status = .pending
        position = 0
        round = 1
        updatedAt = createdAt
        deadline = timeLimit.map { createdAt.addingSaturating($0) }
        version = 1
    }
}

/// A task of a launched operation as an ``OperationStore`` keeps it. Times are in milliseconds since 1970.
public struct TaskRecord: Sendable, Hashable {
    /// The uuid of its operation.
    public var operation: String
    /// Its place among the operation's tasks, from 0.
    public var place: Int
    /// The step it belongs to, from 0; tasks of one step run at once.
    public var step: Int
    /// The uuid of the task.
    public var uuid: String
    /// The path of its entrypoint.
    public var entrypoint: String
    /// Its parameters.
    public var params: JSONObject
    /// Data about the task; it travels with its message.
    public var metadata: JSONObject
    /// The state of the task.
    public var status: TaskStatus
    /// What the task begins with, and when it ended what it gave.
    public var result: ExecutionResult
    /// How often it began.
    public var attempts: Int
    /// Who has to send its message: the record whose task came before, or nobody else than who launched the operation
    /// when empty. Nil while it is not the task's turn.
    public var cause: String?
    /// The record that runs the task, or ran it. No other record may.
    public var owner: String?
    /// When its operation was launched.
    public var createdAt: Int64
    /// When it began last.
    public var startedAt: Int64?
    /// When it changed last.
    public var updatedAt: Int64
    /// When it ended.
    public var endedAt: Int64?

    /// Makes a record that has not begun.
    public init(
        operation: String,
        place: Int,
        step: Int,
        uuid: String,
        entrypoint: String,
        params: JSONObject = [:],
        metadata: JSONObject = [:],
        status: TaskStatus = .pending,
        result: ExecutionResult? = nil,
        createdAt: Int64
    ) {
        self.operation = operation
        self.place = place
        self.step = step
        self.uuid = uuid
        self.entrypoint = entrypoint
        self.params = params
        self.metadata = metadata
        self.status = status
        self.result = result ?? ExecutionResult(uuid: uuid)
        self.createdAt = createdAt
        updatedAt = createdAt
        attempts = 0
    }
}

extension OperationRecord {
    /// Whether nothing of it will run any more, unless it is retried.
    public var isEnded: Bool { status == .success || status == .failed || status == .cancelled }
}
