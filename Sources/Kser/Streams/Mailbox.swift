import Synchronization

/// Hands elements from any thread to one waiting task, in order.
///
/// The waiting task is resumed once for each wake-up and never under the lock.
package final class Mailbox<Element: Sendable>: Sendable {
    private typealias Waiter = CheckedContinuation<Element?, any Error>

    private struct State {
        var queue = Queue<Element>()
        var waiter: Waiter?
        var end: Result<Void, any Error>?
    }

    private let state = Mutex(State())

    package init() {}

    /// Adds an element.
    ///
    /// - Returns: false when the mailbox is finished; the element is then dropped.
    @discardableResult
    package func offer(_ element: Element) -> Bool {
        let (accepted, waiter) = state.withLock { state -> (Bool, Waiter?) in
            guard state.end == nil else { return (false, nil) }
            guard let waiter = state.waiter.take() else {
                state.queue.append(element)
                return (true, nil)
            }
            return (true, waiter)
        }
        waiter?.resume(returning: element)
        return accepted
    }

    /// Ends the mailbox: `next` gives what is left, unless it is discarded, then nil or the error.
    package func finish(throwing error: (any Error)? = nil, discarding: Bool = false) {
        // What is discarded is released after the lock: its end may come back here.
        let (waiter, _) = state.withLock { state -> (Waiter?, Queue<Element>) in
            var discarded = Queue<Element>()
            if discarding { swap(&discarded, &state.queue) }
            guard state.end == nil else { return (nil, discarded) }
            state.end = error.map(Result.failure) ?? .success(())
            return (state.waiter.take(), discarded)
        }
        guard let waiter else { return }
        if let error { waiter.resume(throwing: error) } else { waiter.resume(returning: nil) }
    }

    /// The next element; nil at the end and when the task is cancelled. One task at a time may wait.
    package func next(isolation: isolated (any Actor)? = #isolation) async throws -> Element? {
        let ready = state.withLock { state -> Element?? in
            if let element = state.queue.popFirst() { return .some(element) }
            return state.end == nil ? nil : .some(nil)
        }
        switch ready {
        case .some(.some(let element)): return element
        case .some(.none): return try takeEnd()
        case .none: return try await wait(isolation: isolation)
        }
    }

    private func takeEnd() throws -> Element? {
        try state.withLock { state in
            defer { if state.end != nil { state.end = .success(()) } }
            try state.end?.get()
            return nil
        }
    }

    private func wait(isolation: isolated (any Actor)?) async throws -> Element? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation(isolation: isolation) { (waiter: Waiter) in
                let outcome = state.withLock { state -> Result<Element?, any Error>? in
                    if let element = state.queue.popFirst() { return .success(element) }
                    if let end = state.end {
                        state.end = .success(())
                        return end.map { nil }
                    }
                    if Task.isCancelled || state.waiter != nil { return .success(nil) }
                    state.waiter = waiter
                    return nil
                }
                if let outcome { waiter.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiter.take() }
            waiter?.resume(returning: nil)
        }
    }
}
