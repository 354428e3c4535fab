/// All of a launched operation that changes while its tasks run: a store reads and writes it with each of them.
///
/// Times are in milliseconds since 1970.
public struct OperationHead: Sendable, Hashable {
    /// The uuid of the operation.
    public var uuid: String
    /// The path of its entrypoint.
    public var entrypoint: String
    /// Whether what succeeded is compensated when the operation fails or is cancelled.
    public var compensates: Bool
    /// How long the operation may take, in milliseconds.
    public var timeLimit: Int64?
    /// When it was launched.
    public var createdAt: Int64
    /// How many tasks there are.
    public var total: Int
    /// What the trace that it was launched in is continued with; nil without one.
    public var trace: JSONObject?

    /// The state of the operation.
    public var status: TaskStatus
    /// What it ends as when its compensation or its hooks are over; nil before.
    public var ending: TaskStatus?
    /// The state whose hooks are still to be called; nil when they were, or when there are none.
    public var hook: TaskStatus?
    /// The step in work, from 0.
    public var position: Int
    /// The place of that step's first task.
    public var place: Int
    /// How many tasks that step has.
    public var width: Int
    /// No task of the step before this place waits to be made ready.
    public var nextPlace: Int
    /// How often the operation began: retrying it and compensating it begin a new round, and messages of earlier rounds
    /// count no more.
    public var round: Int
    /// What the operation gave; nil before.
    public var result: ExecutionResult?
    /// What tasks have set in their metadata, which goes on with the tasks after them.
    public var carried: JSONObject = [:]
    /// What made it fail, in a few words; nil unless it failed.
    public var error: String?
    /// When it fails unless it is done.
    public var deadline: Int64?
    /// When its first task began.
    public var startedAt: Int64?
    /// When it changed last.
    public var updatedAt: Int64
    /// When it ended.
    public var endedAt: Int64?
    /// The number of changes so far.
    public var version: Int
    /// When somebody has to look whether it stands still; nil when it has ended.
    public var dueAt: Int64?
    /// How often somebody had to.
    public var checks: Int

    /// How many tasks have succeeded.
    public var completed: Int
    /// How many tasks have failed.
    public var failed: Int
    /// How many tasks could not be compensated.
    public var uncompensated: Int
    /// How many tasks of the step in work have not ended, or are to be compensated.
    public var open: Int
    /// How many of them were made ready.
    public var inFlight: Int
    /// How many of those are in work.
    public var running: Int

    /// Makes the head of an operation that has not begun.
    public init(
        uuid: String,
        entrypoint: String,
        compensates: Bool = false,
        timeLimit: Int64? = nil,
        createdAt: Int64,
        total: Int
    ) {
        self.uuid = uuid
        self.entrypoint = entrypoint
        self.compensates = compensates
        self.timeLimit = timeLimit
        self.createdAt = createdAt
        self.total = total
        status = .pending
        (position, place, width, nextPlace) = (0, 0, 0, 0)
        round = 1
        updatedAt = createdAt
        deadline = timeLimit.map { createdAt.addingSaturating($0) }
        (version, checks) = (1, 0)
        (completed, failed, uncompensated, open, inFlight, running) = (0, 0, 0, 0, 0, 0)
    }

    /// Whether nothing of it will run any more, unless it is retried.
    public var isEnded: Bool { status == .success || status == .failed || status == .cancelled }

    /// Whether all its tasks have ended, and it ends when its hooks have been called.
    var isConcluding: Bool { hook == .success || hook == .failed }

    /// The places of the tasks of the step in work.
    var step: Range<Int> { place..<place + width }

    /// Whether a task is still to be run, or to be compensated.
    func isWaiting(_ task: TaskRecord) -> Bool { task.status == (status == .compensating ? .success : .pending) }

    /// Whether a task is being run, or compensated.
    func isInWork(_ task: TaskRecord) -> Bool { task.status == (status == .compensating ? .compensating : .running) }

    /// Counts a task of the step in work.
    mutating func count(_ task: TaskRecord, _ difference: Int) {
        let isInWork = isInWork(task)
        if isInWork { running += difference }
        guard isInWork || isWaiting(task) else { return }
        open += difference
        if task.cause != nil { inFlight += difference }
    }
}
