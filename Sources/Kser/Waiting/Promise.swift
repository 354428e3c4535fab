import Synchronization

/// A value to come. It is settled once; later attempts are ignored. A waiting task that is cancelled gets
/// `CancellationError` at once, which settles nothing.
package final class Promise<Value: Sendable>: Sendable {
    // Resumed without a result, a waiter looks again: its task or another one was cancelled.
    private typealias Waiter = UnsafeContinuation<Result<Value, any Error>?, Never>

    private struct State {
        var result: Result<Value, any Error>?
        // Nearly always there is one waiter.
        var waiter: Waiter?
        var others: [Waiter] = []

        mutating func takeWaiters() -> (first: Waiter?, others: [Waiter]) {
            defer {
                waiter = nil
                if !others.isEmpty { others = [] }
            }
            return (waiter, others)
        }
    }

    private let state = Mutex(State())

    /// What is to be given back to a budget when it is settled.
    package let cost: Int

    @_specialize(where Value == RecordMetadata)
    package init(cost: Int = 0) { self.cost = cost }

    /// What it was settled with; nil while it is not.
    package var outcome: Result<Value, any Error>? { state.withLock { $0.result } }

    /// Settles the promise.
    ///
    /// - Returns: false when it was settled before.
    // Each record that is sent has one, and other modules get no specialised code of this one's by themselves.
    @_specialize(where Value == RecordMetadata)
    @discardableResult
    package func settle(_ result: Result<Value, any Error>) -> Bool {
        let waiters = state.withLock { state -> (first: Waiter?, others: [Waiter])? in
            guard state.result == nil else { return nil }
            state.result = result
            return state.takeWaiters()
        }
        guard let waiters else { return false }
        waiters.first?.resume(returning: result)
        for waiter in waiters.others { waiter.resume(returning: result) }
        return true
    }

    /// Keeps the promise.
    package func keep(_ value: Value) { settle(.success(value)) }

    /// Breaks the promise.
    package func fail(_ error: any Error) { settle(.failure(error)) }

    /// Waits for the value.
    ///
    /// - Throws: what the promise was broken with, or `CancellationError`.
    @_specialize(where Value == RecordMetadata)
    package func value() async throws -> Value {
        while true {
            let result = await withTaskCancellationHandler {
                await withUnsafeContinuation { (waiter: Waiter) in
                    if let result = register(waiter) { return waiter.resume(returning: result) }
                    // A cancellation that came before the registration found nobody to tell.
                    if Task.isCancelled { lookAgain() }
                }
            } onCancel: {
                lookAgain()
            }
            if let result { return try result.get() }
            try Task.checkCancellation()
        }
    }

    /// Waits until it is settled; the cancellation of the task does not end the wait.
    package func settled() async {
        if outcome != nil { return }
        // In a task that nobody cancels.
        await Task { _ = try? await value() }.value
    }

    private func register(_ waiter: Waiter) -> Result<Value, any Error>? {
        state.withLock { state in
            if let result = state.result { return result }
            if state.waiter == nil { state.waiter = waiter } else { state.others.append(waiter) }
            return nil
        }
    }

    private func lookAgain() {
        let waiters = state.withLock { $0.takeWaiters() }
        waiters.first?.resume(returning: nil)
        for waiter in waiters.others { waiter.resume(returning: nil) }
    }
}

extension Promise where Value == Void {
    /// Keeps the promise.
    ///
    /// - Returns: false when it was settled before.
    @discardableResult
    package func keep() -> Bool { settle(.success(())) }
}
