import Synchronization

/// A value to come, awaited by at most one task. It is kept or broken once; later attempts are ignored. A waiting task that
/// is cancelled gets `CancellationError` at once.
final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case open
        case waiting(UnsafeContinuation<Value, any Error>)
        case done(Result<Value, any Error>)
    }

    private let state = Mutex(State.open)

    /// Settles the promise.
    ///
    /// - Returns: false when it was settled before.
    @discardableResult
    func settle(_ result: Result<Value, any Error>) -> Bool {
        let (first, waiting) = state.withLock { state -> (Bool, UnsafeContinuation<Value, any Error>?) in
            switch state {
            case .open:
                state = .done(result)
                return (true, nil)
            case .waiting(let continuation):
                state = .done(result)
                return (true, continuation)
            case .done: return (false, nil)
            }
        }
        waiting?.resume(with: result)
        return first
    }

    /// Keeps the promise.
    func keep(_ value: Value) { settle(.success(value)) }

    /// Breaks the promise.
    func fail(_ error: any Error) { settle(.failure(error)) }

    /// Waits for the value.
    ///
    /// - Throws: what the promise was broken with, or `CancellationError`.
    func value() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Value, any Error>? in
                    switch state {
                    case .open:
                        state = .waiting(continuation)
                        return nil
                    case .done(let result): return result
                    case .waiting: preconditionFailure("a promise is awaited once")
                    }
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            fail(CancellationError())
        }
    }
}

extension Promise where Value == Void {
    /// Keeps the promise.
    func keep() { keep(()) }
}
