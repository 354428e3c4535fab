public import Kser
import Synchronization

/// An operation store in memory, for tests and for programs of one process that may forget.
public final class InMemoryOperationStore: OperationStore {
    private struct State {
        var operations: [ScalarKey: OperationRecord] = [:]
        var taskUUIDs: Set<ScalarKey> = []
        var histories: [ScalarKey: [OperationEvent]] = [:]
        var failure: StoreError?

        var sorted: [OperationRecord] {
            operations.values.sorted { ($0.createdAt, $0.uuid) < ($1.createdAt, $1.uuid) }
        }
    }

    private let state = Mutex(State())

    /// Makes an empty store.
    public init() {}

    /// What every call throws from now on, as a store that is down does; nil lets calls through again.
    public var failure: StoreError? {
        get { state.withLock { $0.failure } }
        set { state.withLock { $0.failure = newValue } }
    }

    private func access<Value>(_ body: (inout State) throws -> Value) throws -> Value {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return try body(&state)
        }
    }

    /// Adds an operation.
    public func insert(_ operation: OperationRecord) async throws {
        try access { state in
            let taken = operation.tasks.map(\.uuid).first { state.taskUUIDs.contains(ScalarKey($0)) }
            if state.operations[ScalarKey(operation.uuid)] != nil || taken != nil {
                throw StoreError(
                    .duplicate,
                    "\(taken.map { "Task \($0)" } ?? "The operation") is in the store already",
                    uuid: operation.uuid
                )
            }
            state.operations[ScalarKey(operation.uuid)] = operation
            state.taskUUIDs.formUnion(operation.tasks.map { ScalarKey($0.uuid) })
            state.histories[ScalarKey(operation.uuid)] = [OperationChange.launch(of: operation)]
        }
    }

    /// The operation of this uuid.
    public func operation(_ uuid: String) async throws -> OperationRecord? {
        try access { $0.operations[ScalarKey(uuid)] }
    }

    /// Puts a changed operation in place of the one it was made from.
    public func replace(_ old: OperationRecord, with new: OperationRecord) async throws -> Bool {
        try access { state in
            guard state.operations[ScalarKey(old.uuid)]?.version == old.version else { return false }
            state.operations[ScalarKey(old.uuid)] = new
            state.histories[ScalarKey(old.uuid), default: []].append(OperationChange(from: old, to: new).event)
            return true
        }
    }

    /// The operations that match, oldest first.
    public func operations(matching query: StoreQuery) async throws -> [OperationSummary] {
        try access { state in
            query.page(
                of: state.sorted.filter {
                    query.matches($0.status, $0.entrypoint, created: $0.createdAt, updated: $0.updatedAt)
                }
            ).map {
                OperationSummary(
                    uuid: $0.uuid,
                    entrypoint: $0.entrypoint,
                    status: $0.status,
                    createdAt: $0.createdAt,
                    updatedAt: $0.updatedAt,
                    endedAt: $0.endedAt
                )
            }
        }
    }

    /// The tasks that match, oldest first.
    public func tasks(matching query: StoreQuery) async throws -> [TaskRecord] {
        try access { state in
            query.page(
                of: state.sorted.flatMap(\.tasks).filter {
                    query.matches($0.status, $0.entrypoint, created: $0.createdAt, updated: $0.updatedAt)
                }
            )
        }
    }

    /// The operations with tasks that were not sent.
    public func unsentOperations(unchangedSince time: Int64, limit: Int) async throws -> [String] {
        try access { state in
            let unsent = state.sorted.filter { operation in
                operation.updatedAt < time && operation.tasks.contains { $0.cause == "" && $0.owner == nil }
            }
            return unsent.prefix(limit).map(\.uuid)
        }
    }

    /// The changes of an operation.
    public func history(of uuid: String) async throws -> [OperationEvent] {
        try access { $0.histories[ScalarKey(uuid)] ?? [] }
    }

    /// Removes ended operations.
    public func prune(endedBefore time: Int64, statuses: Set<TaskStatus>) async throws -> Int {
        try access { state in
            let old = state.operations.values.filter { operation in
                operation.isEnded && operation.endedAt.map { $0 < time } == true
                    && (statuses.isEmpty || statuses.contains(operation.status))
            }
            for operation in old {
                state.operations[ScalarKey(operation.uuid)] = nil
                state.histories[ScalarKey(operation.uuid)] = nil
                state.taskUUIDs.subtract(operation.tasks.map { ScalarKey($0.uuid) })
            }
            return old.count
        }
    }
}

extension StoreQuery {
    fileprivate func matches(_ status: TaskStatus, _ entrypoint: String, created: Int64, updated: Int64) -> Bool {
        (statuses.isEmpty || statuses.contains(status))
            && (entrypoints.isEmpty || entrypoints.contains(exactly: entrypoint))
            && createdBefore.map { created < $0 } != false && createdSince.map { created >= $0 } != false
            && unchangedSince.map { updated < $0 } != false
    }

    fileprivate func page<Element>(of elements: [Element]) -> [Element] {
        Array(elements.dropFirst(max(0, offset)).prefix(max(0, limit)))
    }
}
