import Synchronization

/// A value to come. It is settled once; later attempts are ignored. A waiting task that is cancelled gets
/// `CancellationError` at once, which settles nothing.
final class Promise<Value: Sendable>: Sendable {
    private struct Waiter {
        let id: Int
        let continuation: UnsafeContinuation<Value, any Error>
    }

    private struct State {
        var result: Result<Value, any Error>?
        // Nearly always there is one waiter.
        var waiter: Waiter?
        var others: [Waiter] = []
        var nextID = 0
    }

    private let state = Mutex(State())

    /// Settles the promise.
    ///
    /// - Returns: false when it was settled before.
    @discardableResult
    func settle(_ result: Result<Value, any Error>) -> Bool {
        let (isFirst, waiter, others) = state.withLock { state -> (Bool, Waiter?, [Waiter]) in
            guard state.result == nil else { return (false, nil, []) }
            state.result = result
            defer {
                state.waiter = nil
                state.others = []
            }
            return (true, state.waiter, state.others)
        }
        waiter?.continuation.resume(with: result)
        for waiter in others { waiter.continuation.resume(with: result) }
        return isFirst
    }

    /// Keeps the promise.
    func keep(_ value: Value) { settle(.success(value)) }

    /// Breaks the promise.
    func fail(_ error: any Error) { settle(.failure(error)) }

    /// Waits for the value.
    ///
    /// - Throws: what the promise was broken with, or `CancellationError`.
    func value() async throws -> Value {
        let (known, id) = state.withLock { state in
            state.nextID += 1
            return (state.result, state.nextID)
        }
        if let known { return try known.get() }
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                let result = register(Waiter(id: id, continuation: continuation))
                if let result { return continuation.resume(with: result) }
                // A cancellation that came before the registration found nobody to tell.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func register(_ waiter: Waiter) -> Result<Value, any Error>? {
        state.withLock { state in
            if let result = state.result { return result }
            if state.waiter == nil { state.waiter = waiter } else { state.others.append(waiter) }
            return nil
        }
    }

    private func cancel(_ id: Int) {
        let waiter = state.withLock { state -> Waiter? in
            if let waiter = state.waiter, waiter.id == id {
                state.waiter = nil
                return waiter
            }
            guard let index = state.others.firstIndex(where: { $0.id == id }) else { return nil }
            return state.others.remove(at: index)
        }
        waiter?.continuation.resume(throwing: CancellationError())
    }
}

extension Promise where Value == Void {
    /// Keeps the promise.
    func keep() { keep(()) }
}
