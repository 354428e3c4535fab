/// Something did not happen in time.
package struct DeadlineExceeded: Error, CustomStringConvertible {
    package var what: String
    package var duration: Duration

    /// The error with a further fact.
    package func adding(_ fact: String) -> DeadlineExceeded {
        DeadlineExceeded(what: "\(what); \(fact)", duration: duration)
    }

    package var description: String { "not done within \(duration): \(what)" }
}

/// Runs `work`, and fails with the name of what was awaited when it takes longer than `duration`.
///
/// Work that heeds no cancellation is left behind, not waited for: a test of "this never hangs" fails instead of hanging.
///
/// - Parameters:
///   - duration: how long the work may take.
///   - what: the work's name in the error.
///   - work: what to run, as a task of its own.
/// - Returns: what the work returns.
/// - Throws: what the work throws, ``DeadlineExceeded``, or `CancellationError`.
package func withDeadline<Value: Sendable>(
    _ duration: Duration,
    _ what: String,
    _ work: sending @escaping () async throws -> Value
) async throws -> Value {
    let outcome = Watched<Result<Value, any Error>?>(nil)
    let task = Task {
        let result: Result<Value, any Error>
        do { result = .success(try await work()) } catch { result = .failure(error) }
        outcome.update { $0 = $0 ?? result }
    }
    let timer = Task {
        try await Task.sleep(for: duration)
        outcome.update { $0 = $0 ?? .failure(DeadlineExceeded(what: what, duration: duration)) }
    }
    defer {
        task.cancel()
        timer.cancel()
    }
    return try await outcome.wait { $0 }.get()
}
