import Synchronization

/// Which tasks are cancelled, and what runs that they might be.
final class CancellationRegistry: Sendable {
    private struct State: Sendable {
        /// The reasons by uuid, both shortened.
        var cancelled: RecentValues<ScalarKey, String>
        var running: [ScalarKey: [Int: Run]] = [:]
        var lastID = 0
    }

    private struct Run: Sendable {
        let task: Task<ExecutionResult, any Error>
        /// Why it was cancelled.
        var reason: String?
    }

    private let state: Mutex<State>
    private let clock: WorkerClock
    private let hash = KeyedHash.random()

    init(capacity: Int, lifetime: Duration, clock: WorkerClock) {
        state = Mutex(State(cancelled: RecentValues(capacity: capacity, lifetime: lifetime)))
        self.clock = clock
    }

    /// Cancels a task.
    ///
    /// - Parameters:
    ///   - uuid: the task's uuid.
    ///   - reason: what its result says; of more than 1,024 bytes the first ones.
    ///   - age: how long ago it was cancelled.
    /// - Returns: how many of its runs were cancelled.
    @discardableResult
    func cancel(_ uuid: String, reason: String, age: Duration = .zero) -> Int {
        let reason = String(decoding: reason.utf8.prefix(1_024), as: UTF8.self)
        let key = key(of: uuid)
        let tasks = state.withLock { state -> [Task<ExecutionResult, any Error>] in
            state.cancelled.insert(reason, for: key, at: clock.uptime() - age)
            guard let runs = state.running[key] else { return [] }
            for id in runs.keys { state.running[key]?[id]?.reason = reason }
            return runs.values.map(\.task)
        }
        for task in tasks { task.cancel() }
        return tasks.count
    }

    /// Does the work of a task, unless it is cancelled, or cancels it half way.
    ///
    /// - Returns: what the work gives; a cancelled result when it was cancelled and did not succeed all the same.
    /// - Throws: what the work throws.
    func run(
        _ execution: Execution,
        _ work: @escaping @Sendable () async throws -> ExecutionResult
    ) async throws -> ExecutionResult {
        let key = key(of: execution.uuid)
        if let reason = state.withLock({ reason(of: key, in: $0) }) {
            return cancelledResult(execution, reason)
        }
        let task = Task { try await work() }
        let id = begin(key, task)
        let outcome = await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            task.cancel()
        }
        guard let reason = end(key, id), (try? outcome.get())?.isSuccess != true else { return try outcome.get() }
        return cancelledResult(execution, reason)
    }

    /// A uuid, shortened.
    private func key(of uuid: String) -> ScalarKey { ScalarKey(hash.shortened(uuid)) }

    private func reason(of key: ScalarKey, in state: borrowing State) -> String? {
        state.cancelled.value(for: key, at: clock.uptime())
    }

    private func begin(_ key: ScalarKey, _ task: Task<ExecutionResult, any Error>) -> Int {
        let (id, isCancelled) = state.withLock { state in
            state.lastID += 1
            // It may have been cancelled since it was asked for.
            let reason = reason(of: key, in: state)
            state.running[key, default: [:]][state.lastID] = Run(task: task, reason: reason)
            return (state.lastID, reason != nil)
        }
        if isCancelled { task.cancel() }
        return id
    }

    private func end(_ key: ScalarKey, _ id: Int) -> String? {
        state.withLock { state in
            let run = state.running[key]?.removeValue(forKey: id)
            if state.running[key]?.isEmpty == true { state.running[key] = nil }
            return run?.reason
        }
    }

    /// What a cancelled task gives: the error, and what it printed until then.
    private func cancelledResult(_ execution: Execution, _ reason: String) -> ExecutionResult {
        let error = KserError(.cancelled, reason.isEmpty ? "Cancelled" : "Cancelled: \(reason)")
        var result = ExecutionResult.from(error, uuid: execution.uuid)
        result.stdout = execution.result.stdout
        return result
    }
}
