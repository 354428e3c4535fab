/// A launched operation as an ``OperationStore`` keeps it: what it was asked for, how far it is, and its tasks.
///
/// What is in its ``head`` can be asked of the record itself: `record.status`. Times are in milliseconds since 1970.
@dynamicMemberLookup
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
        /// The places of its tasks.
        public var places: Range<Int>
        /// The merged result; nil before all tasks have succeeded.
        public var result: ExecutionResult?

        /// Makes a group.
        public init(
            uuid: String,
            limit: Int? = nil,
            finishesAll: Bool = false,
            key: String? = nil,
            places: Range<Int> = 0..<0,
            result: ExecutionResult? = nil
        ) {
            self.uuid = uuid
            self.limit = limit
            self.finishesAll = finishesAll
            self.key = key
            self.places = places
            self.result = result
        }
    }

    /// What changes while the tasks run.
    public var head: OperationHead
    /// The parameters it was built from.
    public var params: JSONObject
    /// Data about the operation.
    public var metadata: JSONObject
    /// The result that goes to the first task.
    public var input: ExecutionResult?
    /// The steps that are groups.
    public var groups: [Int: Group]
    /// The tasks in order.
    public var tasks: [TaskRecord]

    /// Makes a record of these parts.
    public init(
        head: OperationHead,
        params: JSONObject,
        metadata: JSONObject,
        input: ExecutionResult?,
        groups: [Int: Group],
        tasks: [TaskRecord]
    ) {
        self.head = head
        self.params = params
        self.metadata = metadata
        self.input = input
        self.groups = groups
        self.tasks = tasks
    }

    /// Makes a record that has not begun. Groups take in the tasks of their step.
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
        self.init(
            head: OperationHead(
                uuid: uuid,
                entrypoint: entrypoint,
                compensates: compensates,
                timeLimit: timeLimit,
                createdAt: createdAt,
                total: tasks.count
            ),
            params: params,
            metadata: metadata,
            input: input,
            groups: groups,
            tasks: tasks
        )
        for step in groups.keys {
            let places = tasks.indices.filter { tasks[$0].step == step }
            guard let first = places.first else { continue }
            self.groups[step]?.places = first..<first + places.count
            for place in places { self.tasks[place].width = places.count }
        }
        for task in tasks where task.status == .success { head.completed += 1 }
        head.width = self.tasks.first.map { $0.width ?? 1 } ?? 0
        for task in self.tasks.prefix(head.width) { head.count(task, 1) }
    }

    /// What is in the head.
    public subscript<Value>(dynamicMember path: WritableKeyPath<OperationHead, Value>) -> Value {
        get { head[keyPath: path] }
        set { head[keyPath: path] = newValue }
    }

    /// Whether nothing of it will run any more, unless it is retried.
    public var isEnded: Bool { head.isEnded }
}

/// A task of a launched operation as an ``OperationStore`` keeps it. Times are in milliseconds since 1970.
public struct TaskRecord: Sendable, Hashable {
    /// The uuid of its operation.
    public var operation: String
    /// Its place among the operation's tasks, from 0.
    public var place: Int
    /// The step it belongs to, from 0; tasks of one step run at once.
    public var step: Int
    /// How many tasks run at once with it, itself included; nil when it is no member of a group.
    public var width: Int?
    /// The uuid of the task.
    public var uuid: String
    /// The path of its entrypoint.
    public var entrypoint: String
    /// The topic that it travels on; nil for that of the cluster.
    public var topic: String?
    /// Its parameters.
    public var params: JSONObject
    /// Data about the task; it travels with its message.
    public var metadata: JSONObject
    /// The state of the task.
    public var status: TaskStatus
    /// What the task begins with, and when it ended what it gave; see ``isDifference``.
    public var result: ExecutionResult
    /// Whether ``result`` is only what the task added to the result of what ran before it.
    public var isDifference = false
    /// How often it began. The result of an earlier attempt than the last counts no more.
    public var attempts: Int
    /// Who has to send its message: the record whose task came before, or nobody else than who launched the operation
    /// when empty. Nil while it is not the task's turn.
    public var cause: String?
    /// The record that runs the task, or ran it. No other record may.
    public var owner: String?
    /// When it is sent again unless it has ended: it was not begun in time, or nobody runs it any more.
    public var dueAt: Int64?
    /// How often that was so.
    public var resends = 0
    /// What its handler sent through the transactions of its worker, as JSON; nil for nothing.
    public var outbox: JSON?
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
        width: Int? = nil,
        uuid: String,
        entrypoint: String,
        topic: String? = nil,
        params: JSONObject = [:],
        metadata: JSONObject = [:],
        status: TaskStatus = .pending,
        result: ExecutionResult? = nil,
        createdAt: Int64
    ) {
        self.operation = operation
        self.place = place
        self.step = step
        self.width = width
        self.uuid = uuid
        self.entrypoint = entrypoint
        self.topic = topic
        self.params = params
        self.metadata = metadata
        self.status = status
        self.result = result ?? ExecutionResult(uuid: uuid)
        self.createdAt = createdAt
        updatedAt = createdAt
        attempts = 0
    }

    /// What it gave, without what it was asked for.
    public var outcome: TaskOutcome {
        TaskOutcome(
            place: place,
            step: step,
            isMember: width != nil,
            isEnded: endedAt != nil || status == .success,
            result: result,
            isDifference: isDifference
        )
    }
}

/// What a task of a launched operation gave, as an ``OperationStore`` keeps it.
public struct TaskOutcome: Sendable, Hashable {
    /// Its place among the operation's tasks.
    public var place: Int
    /// The step it belongs to.
    public var step: Int
    /// Whether it is a member of a group.
    public var isMember: Bool
    /// Whether it has ended.
    public var isEnded: Bool
    /// What it gave; see ``isDifference``.
    public var result: ExecutionResult
    /// Whether ``result`` is only what the task added to the result of what ran before it.
    public var isDifference: Bool

    /// Makes an outcome.
    public init(
        place: Int,
        step: Int,
        isMember: Bool,
        isEnded: Bool,
        result: ExecutionResult,
        isDifference: Bool
    ) {
        self.place = place
        self.step = step
        self.isMember = isMember
        self.isEnded = isEnded
        self.result = result
        self.isDifference = isDifference
    }
}
