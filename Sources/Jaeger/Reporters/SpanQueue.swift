import Synchronization

/// Spans that wait to be sent. Many tasks append; one takes.
final class SpanQueue: Sendable {
    /// What the one that takes waits for.
    enum Amount: Sendable { case something, batch }

    private struct State {
        var spans: [JaegerSpan] = []
        var isClosed = false
        var waiting: (threshold: Int, continuation: CheckedContinuation<Void, Never>)?

        /// Whoever waits, if that is over.
        mutating func wakeUp(force: Bool = false) -> CheckedContinuation<Void, Never>? {
            guard let waiting, force || isClosed || spans.count >= waiting.threshold else { return nil }
            self.waiting = nil
            return waiting.continuation
        }
    }

    private let state = Mutex(State())
    private let capacity: Int
    private let batchSize: Int

    init(capacity: Int, batchSize: Int) {
        self.capacity = capacity
        self.batchSize = batchSize
    }

    var count: Int { state.withLock { $0.spans.count } }

    /// Adds a span.
    ///
    /// - Returns: false when the queue is full or closed.
    func append(_ span: JaegerSpan) -> Bool {
        let (isTaken, waiting) =
            state.withLock { state in
                guard !state.isClosed, state.spans.count < capacity else { return (false, nil) }
                state.spans.append(span)
                return (true, state.wakeUp())
            } as (Bool, CheckedContinuation<Void, Never>?)
        waiting?.resume()
        return isTaken
    }

    /// Takes no more spans; what waits can still be taken.
    func close() {
        state.withLock { state in
            state.isClosed = true
            return state.wakeUp()
        }?.resume()
    }

    /// Takes the oldest spans.
    func removeBatch() -> [JaegerSpan] {
        state.withLock { state in
            let batch = Array(state.spans.prefix(batchSize))
            state.spans.removeFirst(batch.count)
            return batch
        }
    }

    /// Forgets all spans.
    ///
    /// - Returns: how many there were.
    func removeAll() -> Int {
        let spans = state.withLock { state in
            defer { state.spans = [] }
            return state.spans
        }
        return spans.count
    }

    /// Waits until there is so much, the queue is closed or the task is cancelled.
    ///
    /// - Returns: whether there is a span.
    func wait(for amount: Amount) async -> Bool {
        let threshold = amount == .something ? 1 : batchSize
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let resumed = state.withLock { state in
                    state.waiting = (threshold, continuation)
                    return state.wakeUp(force: Task.isCancelled)
                }
                resumed?.resume()
            }
        } onCancel: {
            state.withLock { $0.wakeUp(force: true) }?.resume()
        }
        return !Task.isCancelled && count > 0
    }

    /// Waits until there is a batch, the queue is closed or the time has passed.
    func waitForBatch(atMost limit: Duration, _ sleep: @escaping @Sendable (Duration) async throws -> Void) async {
        let isFull = state.withLock { $0.isClosed || $0.spans.count >= batchSize }
        if isFull { return }
        await withTaskGroup { group in
            group.addTask { _ = await self.wait(for: .batch) }
            group.addTask { try? await sleep(limit) }
            await group.next()
            group.cancelAll()
        }
    }
}
