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
    private let name = String.randomUUID()

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

    /// What tells this store from all others.
    public func identity() async throws -> String { try access { _ in name } }

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
            state.histories[ScalarKey(operation.uuid)] = [OperationEvent.launch(of: operation.head)]
        }
    }

    /// The operation of this uuid.
    public func operation(_ uuid: String) async throws -> OperationRecord? {
        try access { $0.operations[ScalarKey(uuid)] }
    }

    /// How far an operation is.
    public func head(_ uuid: String) async throws -> OperationHead? { try await operation(uuid)?.head }

    /// Has an operation changed by one caller at a time.
    public func change<Outcome: Sendable>(
        _ uuid: String,
        at time: Int64,
        _ body: @escaping @Sendable (inout OperationDraft) throws(StoreError) -> Outcome
    ) async throws -> Outcome? {
        try access { state in
            let key = ScalarKey(uuid)
            guard let record = state.operations[key] else { return nil }
            var draft = OperationDraft(record.head, at: time, reading: RecordReader(record))
            let outcome = try body(&draft)
            guard let change = draft.change else { return outcome }
            state.operations[key]?.apply(change)
            if let event = change.event { state.histories[key, default: []].append(event) }
            return outcome
        }
    }

    /// Takes operations that somebody has to look at.
    public func claimDue(at time: Int64, pause: Int64, limit: Int) async throws -> [String] {
        try access { state in
            let due = state.operations.values.compactMap { record in
                record.head.dueAt.map { (time: $0, uuid: record.head.uuid) }
            }
            let taken = due.filter { $0.time <= time }.sorted { $0 < $1 }.prefix(max(0, limit)).map(\.uuid)
            for uuid in taken {
                guard var head = state.operations[ScalarKey(uuid)]?.head else { continue }
                head.dueAt = time.addingSaturating(pause * Int64(1 + min(head.checks, 63)))
                head.checks += 1
                state.operations[ScalarKey(uuid)]?.head = head
            }
            return taken
        }
    }

    /// The paths of the entrypoints of an operation that are in work.
    public func running(in uuid: String) async throws -> [String] {
        guard let record = try await operation(uuid) else { return [] }
        return record.progress(at: 0).running
    }

    /// The operations that match, by the time of their launch.
    public func operations(matching query: StoreQuery) async throws -> [OperationSummary] {
        try access { state in
            let matching = state.sorted.filter {
                query.matches($0.status, $0.entrypoint, created: $0.createdAt, updated: $0.updatedAt)
            }
            return query.page(of: query.isNewestFirst ? matching.reversed() : matching).map {
                OperationSummary($0.head)
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
