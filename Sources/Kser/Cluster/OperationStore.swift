/// Where launched operations are kept, shared by all workers: `KserStore` has one on SQLite and one on PostgreSQL,
/// `KserTesting` one in memory.
///
/// A store locks, reads and writes, it decides nothing: ``change(_:at:_:)`` hands an operation to one caller at a time.
/// `OperationStoreContract`, in `KserTesting`, is what every store has to do. All methods throw ``StoreError``.
public protocol OperationStore: Sendable {
    /// What tells this store from all others: a random text that it was given when it was made.
    func identity() async throws -> String

    /// Adds an operation with its tasks, and the first event of its history.
    ///
    /// - Throws: ``StoreError/Code/duplicate`` when the uuid of the operation or of a task is in the store.
    func insert(_ operation: OperationRecord) async throws

    /// The operation with its tasks, as of one moment; nil when there is none.
    func operation(_ uuid: String) async throws -> OperationRecord?

    /// How far an operation is, without its tasks; nil when there is none.
    func head(_ uuid: String) async throws -> OperationHead?

    /// Has an operation changed by one caller at a time: what the body reads is as nobody else changes it, and what it
    /// changes is written as a whole or not at all, with the event of the change.
    ///
    /// - Parameters:
    ///   - uuid: the uuid of the operation.
    ///   - time: the time, in milliseconds since 1970. A store that many machines share gives the draft its own.
    ///   - body: changes the draft. It may be called again when a change could not be written; what it throws undoes it.
    /// - Returns: what the body gives; nil when there is no such operation.
    /// - Throws: ``StoreError``.
    func change<Outcome: Sendable>(
        _ uuid: String,
        at time: Int64,
        _ body: @escaping @Sendable (inout OperationDraft) throws(StoreError) -> Outcome
    ) async throws -> Outcome?

    /// Takes operations that somebody has to look at: ``OperationHead/dueAt`` has come. Each goes to one caller, to all
    /// others it is due again later.
    ///
    /// - Parameters:
    ///   - time: the time, in milliseconds since 1970; see ``change(_:at:_:)``.
    ///   - pause: how long until they are due again, in milliseconds.
    ///   - limit: how many at most.
    /// - Returns: their uuids, the longest due first. Their ``OperationHead/checks`` are counted up.
    /// - Throws: ``StoreError``.
    func claimDue(at time: Int64, pause: Int64, limit: Int) async throws -> [String]

    /// The paths of the entrypoints of an operation that are in work, in order.
    func running(in uuid: String) async throws -> [String]

    /// The operations that match, by the time of their launch.
    func operations(matching query: StoreQuery) async throws -> [OperationSummary]

    /// The tasks that match, oldest first, in the order of their operations. Their results may be differences; see
    /// ``TaskRecord/isDifference``.
    func tasks(matching query: StoreQuery) async throws -> [TaskRecord]

    /// The changes of an operation in order, beginning with its launch.
    func history(of uuid: String) async throws -> [OperationEvent]

    /// Removes ended operations with their tasks and histories.
    ///
    /// - Parameters:
    ///   - time: those that ended before, in milliseconds since 1970.
    ///   - statuses: those that ended so; empty means however they ended.
    /// - Returns: how many operations were removed.
    /// - Throws: ``StoreError``.
    func prune(endedBefore time: Int64, statuses: Set<TaskStatus>) async throws -> Int
}

extension OperationStore {
    /// Removes ended operations with their tasks and histories, however they ended.
    public func prune(endedBefore time: Int64) async throws -> Int {
        try await prune(endedBefore: time, statuses: [])
    }
}

/// Which operations or tasks to list. What is left out does not limit; times are in milliseconds since 1970.
public struct StoreQuery: Sendable, Hashable {
    /// Only those in one of these states; empty means any.
    public var statuses: Set<TaskStatus> = []
    /// Only those of one of these entrypoints; empty means any.
    public var entrypoints: Set<String> = []
    /// Only those launched before.
    public var createdBefore: Int64?
    /// Only those launched then or later.
    public var createdSince: Int64?
    /// Only those that have not changed since.
    public var unchangedSince: Int64?
    /// How many at most; 100 by default.
    public var limit = 100
    /// How many to pass over.
    public var offset = 0
    /// Whether operations are listed from the one that was launched last; false by default.
    public var isNewestFirst = false

    /// Makes a query that matches everything.
    public init() {}
}

/// What a list tells about an operation. Times are in milliseconds since 1970.
public struct OperationSummary: Sendable, Hashable {
    /// The uuid of the operation.
    public var uuid: String
    /// The path of its entrypoint.
    public var entrypoint: String
    /// The state of the operation.
    public var status: TaskStatus
    /// When it was launched.
    public var createdAt: Int64
    /// When it changed last.
    public var updatedAt: Int64
    /// When it ended.
    public var endedAt: Int64?
    /// What made it fail, in a few words.
    public var error: String?
    /// How many of its tasks have succeeded.
    public var completed: Int
    /// How many tasks it has.
    public var total: Int
    /// How many of its tasks could not be compensated.
    public var uncompensated: Int

    /// Makes a summary.
    public init(
        uuid: String,
        entrypoint: String,
        status: TaskStatus,
        createdAt: Int64,
        updatedAt: Int64,
        endedAt: Int64? = nil,
        error: String? = nil,
        completed: Int = 0,
        total: Int = 0,
        uncompensated: Int = 0
    ) {
        self.uuid = uuid
        self.entrypoint = entrypoint
        self.status = status
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.endedAt = endedAt
        self.error = error
        self.completed = completed
        self.total = total
        self.uncompensated = uncompensated
    }

    /// The summary of an operation.
    public init(_ head: OperationHead) {
        self.init(
            uuid: head.uuid,
            entrypoint: head.entrypoint,
            status: head.status,
            createdAt: head.createdAt,
            updatedAt: head.updatedAt,
            endedAt: head.endedAt,
            error: head.error,
            completed: head.completed,
            total: head.total,
            uncompensated: head.uncompensated
        )
    }
}
