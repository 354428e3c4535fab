import Synchronization

/// Something that has to happen a number of times; a test waits for it, with a deadline.
///
///     let handled = Expectation("ten rolls", count: 10)
///     …                                        // the handler calls handled.fulfill()
///     try await handled.wait(atMost: .seconds(5))
public final class Expectation: Sendable {
    /// It did not happen in time.
    public struct Unfulfilled: Error, CustomStringConvertible {
        /// What was expected, how often it happened and how often it should have.
        public let description: String
    }

    private struct State {
        var count = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let name: String
    private let expected: Int
    private let state = Mutex(State())

    /// Makes an expectation.
    ///
    /// - Parameters:
    ///   - name: what is to happen, for the error's text.
    ///   - count: how often.
    public init(_ name: String, count: Int = 1) {
        self.name = name
        expected = count
    }

    /// How often it happened.
    public var count: Int { state.withLock { $0.count } }

    /// Notes that it happened once.
    public func fulfill() {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.count += 1
            guard state.count >= expected else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until it happened often enough.
    ///
    /// - Throws: ``Unfulfilled`` at the deadline, `CancellationError` when the task is cancelled.
    public func wait(atMost deadline: Duration = .seconds(30)) async throws {
        let timer = Task {
            try await Task.sleep(for: deadline)
            release()
        }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isReady = state.withLock { state in
                    let isReady = state.count >= expected || Task.isCancelled
                    if !isReady { state.waiters.append(waiter) }
                    return isReady
                }
                if isReady { waiter.resume() }
            }
        } onCancel: {
            release()
        }
        try Task.checkCancellation()
        let count = count
        if count < expected {
            throw Unfulfilled(description: "\(name): \(count) of \(expected) after \(deadline)")
        }
    }

    private func release() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
