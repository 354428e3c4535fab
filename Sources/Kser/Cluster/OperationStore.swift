/// Where launched operations are kept, shared by all workers: `KserStore` has one on SQLite and one on PostgreSQL,
/// `KserTesting` one in memory.
///
/// A store compares and sets, it decides nothing: ``replace(_:with:)`` takes a change only for the version it was worked
/// out from. `OperationStoreContract`, in `KserTesting`, is what every store has to do. All methods throw ``StoreError``.
public protocol OperationStore: Sendable {
    /// Adds an operation with its tasks, and the first event of its history.
    ///
    /// - Throws: ``StoreError/Code/duplicate`` when the uuid of the operation or of a task is in the store.
    func insert(_ operation: OperationRecord) async throws

    /// The operation with its tasks, as of one moment; nil when there is none.
    func operation(_ uuid: String) async throws -> OperationRecord?

    /// Puts a changed operation in place of the one it was made from, with the event of the change.
    ///
    /// - Parameters:
    ///   - old: the operation as it was read.
    ///   - new: the changed one, one version later. uuids, params, metadata and the places of tasks are as they were.
    /// - Returns: false, and nothing is changed, when the stored version is not that of `old`, or it is gone.
    /// - Throws: ``StoreError``.
    func replace(_ old: OperationRecord, with new: OperationRecord) async throws -> Bool

    /// The operations that match, oldest first.
    func operations(matching query: StoreQuery) async throws -> [OperationSummary]

    /// The tasks that match, oldest first, in the order of their operations.
    func tasks(matching query: StoreQuery) async throws -> [TaskRecord]

    /// The uuids of operations with a task that is due and was not sent, since whoever launched or resumed the operation
    /// was interrupted: ``TaskRecord/cause`` is empty and ``TaskRecord/owner`` nil.
    ///
    /// - Parameters:
    ///   - time: only operations that did not change since, in milliseconds since 1970.
    ///   - limit: how many at most.
    /// - Returns: their uuids, oldest first.
    /// - Throws: ``StoreError``.
    func unsentOperations(unchangedSince time: Int64, limit: Int) async throws -> [String]

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

    /// Makes a summary.
    public init(
        uuid: String,
        entrypoint: String,
        status: TaskStatus,
        createdAt: Int64,
        updatedAt: Int64,
        endedAt: Int64? = nil
    ) {
        self.uuid = uuid
        self.entrypoint = entrypoint
        self.status = status
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.endedAt = endedAt
    }
}
