import Synchronization

/// Runs work that is cancelled at a time limit, and waits for its end: work that ignores its cancellation goes on, and its
/// caller keeps what it holds meanwhile, so that nothing is run twice at once.
///
/// - Parameters:
///   - limit: how long the work may take.
///   - grace: how long it may take to end once it is cancelled.
///   - timers: measure the time.
///   - onOverrun: called when it did not end within the grace time.
///   - isSuccess: whether what the work gives is a success: that counts however late it is.
///   - work: the work.
/// - Returns: what the work gives.
/// - Throws: ``KserError`` `deadlineExceeded` when the limit passed and the work did not succeed all the same; else what
///   the work throws.
func withTimeLimit<Value: Sendable>(
    _ limit: Duration,
    grace: Duration = .seconds(5),
    on timers: Timers = .shared,
    onOverrun: @escaping @Sendable () -> Void = {},
    isSuccess: (Value) -> Bool = { _ in true },
    _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let working = Task { try await work() }
    let limited = LimitedWork(timers)
    limited.schedule(after: limit) {
        working.cancel()
        limited.schedule(after: grace, onOverrun)
    }
    let outcome = await withTaskCancellationHandler {
        await working.result
    } onCancel: {
        working.cancel()
    }
    let isOver = limited.end()
    if isOver, !((try? outcome.get()).map(isSuccess) ?? false) {
        throw KserError(.deadlineExceeded, "The handler did not return within its limit of \(limit)")
    }
    return try outcome.get()
}

/// The timer of work that has a limit: first the limit's, then that of the grace time.
private final class LimitedWork: Sendable {
    private struct State {
        var timer: Int?
        var isOver = false
        var hasEnded = false
    }

    private let timers: Timers
    private let state = Mutex(State())

    init(_ timers: Timers) { self.timers = timers }

    /// Calls the action after some time, unless the work has ended by then.
    func schedule(after delay: Duration, _ action: @escaping @Sendable () -> Void) {
        let timer = timers.schedule(after: delay) {
            let isDue = self.state.withLock { state in
                state.isOver = true
                return !state.hasEnded
            }
            if isDue { action() }
        }
        let isLate = state.withLock { state in
            state.timer = timer
            return state.hasEnded
        }
        if isLate { timers.cancel(timer) }
    }

    /// Notes the end of the work.
    ///
    /// - Returns: whether its limit had passed.
    func end() -> Bool {
        let (timer, isOver) = state.withLock { state in
            state.hasEnded = true
            return (state.timer, state.isOver)
        }
        if let timer { timers.cancel(timer) }
        return isOver
    }
}
