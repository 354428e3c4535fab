import Synchronization

/// Runs work that is cancelled at a time limit. Work that ignores its cancellation is left behind, so the caller goes on
/// at the limit in any case.
///
/// - Throws: ``KserError`` `deadlineExceeded` at the limit, `CancellationError` when the caller is cancelled first and
///   the work does not answer.
@usableFromInline
package func withTimeLimit<Value: Sendable>(
    _ limit: Duration,
    _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let race = Race<Value>()
    let working = Task { race.end(with: await Task<Value, any Error>.outcome(of: work)) }
    let timer = Task {
        try await Task.sleep(for: limit)
        race.end(
            with: .failure(KserError(.deadlineExceeded, "The handler did not return within its limit of \(limit)"))
        )
    }
    defer {
        working.cancel()
        timer.cancel()
    }
    return try await withTaskCancellationHandler {
        try await race.value()
    } onCancel: {
        working.cancel()
        race.end(with: .failure(CancellationError()))
    }
}

extension Task where Failure == any Error {
    fileprivate static func outcome(of work: @Sendable () async throws -> Success) async -> Result<Success, any Error> {
        do { return .success(try await work()) } catch { return .failure(error) }
    }
}

/// The first of several outcomes.
private final class Race<Value: Sendable>: Sendable {
    private enum State {
        case running
        case awaited(CheckedContinuation<Value, any Error>)
        case ended(Result<Value, any Error>)
    }

    private let state = Mutex(State.running)

    func end(with outcome: Result<Value, any Error>) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            if case .ended = state { return nil }
            defer { state = .ended(outcome) }
            if case .awaited(let waiter) = state { return waiter }
            return nil
        }
        waiter?.resume(with: outcome)
    }

    func value() async throws -> Value {
        try await withCheckedThrowingContinuation { waiter in
            let outcome = state.withLock { state -> Result<Value, any Error>? in
                if case .ended(let outcome) = state { return outcome }
                state = .awaited(waiter)
                return nil
            }
            if let outcome { waiter.resume(with: outcome) }
        }
    }
}
