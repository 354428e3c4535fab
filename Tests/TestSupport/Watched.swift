import Synchronization

/// State that tasks wait on: a wait ends the moment a change makes its condition true, and blocks no thread.
package final class Watched<State: Sendable>: Sendable {
    private typealias Resume = @Sendable () -> Void
    private typealias Attempt = @Sendable (inout State) -> Resume?

    private struct Waiter {
        var attempt: Attempt
        var cancel: Resume
    }

    private struct Storage {
        var state: State
        var waiters: [Int: Waiter] = [:]
        var nextID = 0
    }

    private let storage: Mutex<Storage>

    package init(_ state: State) {
        storage = Mutex(Storage(state: state))
    }

    package var value: State { storage.withLock { $0.state } }

    /// Changes the state, then lets go on in the order of their coming the tasks whose condition now holds.
    @discardableResult
    package func update<Result: Sendable>(_ change: @Sendable (inout State) -> Result) -> Result {
        let (result, resumptions) = storage.withLock { storage in
            let result = change(&storage.state)
            var resumptions: [Resume] = []
            for (id, waiter) in storage.waiters.sorted(by: { $0.key < $1.key }) {
                guard let resume = waiter.attempt(&storage.state) else { continue }
                storage.waiters[id] = nil
                resumptions.append(resume)
            }
            return (result, resumptions)
        }
        for resume in resumptions { resume() }
        return result
    }

    /// Waits until `condition` gives a value. It runs under the lock, so what it takes out of the state is taken once.
    ///
    /// - Parameter condition: called now and after each change, until it gives a value.
    /// - Returns: that value.
    /// - Throws: `CancellationError` when the task is cancelled first.
    package func wait<Value: Sendable>(
        for condition: @escaping @Sendable (inout State) -> Value?
    ) async throws -> Value {
        let id = storage.withLock { storage in
            storage.nextID += 1
            return storage.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
                let attempt: Attempt = { state in
                    guard let value = condition(&state) else { return nil }
                    return { continuation.resume(returning: value) }
                }
                let cancel: Resume = { continuation.resume(throwing: CancellationError()) }
                let resume = storage.withLock { storage -> Resume? in
                    if Task.isCancelled { return cancel }
                    if let resume = attempt(&storage.state) { return resume }
                    storage.waiters[id] = Waiter(attempt: attempt, cancel: cancel)
                    return nil
                }
                resume?()
            }
        } onCancel: {
            storage.withLock { $0.waiters.removeValue(forKey: id) }?.cancel()
        }
    }
}
