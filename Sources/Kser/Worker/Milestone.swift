import Synchronization

/// Something that happens once, and that tasks wait for.
final class Milestone: Sendable {
    private struct State {
        var isReached = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var last = 0
    }

    private let state = Mutex(State())

    /// Whether it happened.
    var isReached: Bool { state.withLock { $0.isReached } }

    /// Notes that it happened.
    ///
    /// - Returns: false when it had happened before.
    @discardableResult
    func reach() -> Bool {
        let waiters = state.withLock { state -> [Int: CheckedContinuation<Void, Never>]? in
            if state.isReached { return nil }
            state.isReached = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters?.values.map(\.self) ?? [] { waiter.resume() }
        return waiters != nil
    }

    /// Waits for it; the cancellation of the task ends the wait.
    func wait() async {
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let waits = state.withLock { state in
                    if state.isReached || Task.isCancelled { return false }
                    state.waiters[id] = waiter
                    return true
                }
                if !waits { waiter.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }

    /// Does something, which is cancelled when it happens.
    ///
    /// - Throws: what the work throws; `CancellationError` when it happened first.
    func cancelling(_ work: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work() }
            group.addTask {
                await self.wait()
                throw CancellationError()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
