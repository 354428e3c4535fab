import Synchronization

/// Sends what waits in a queue, batch after batch, and counts what became of each span.
final class SpanExport: Sendable {
    private struct State {
        /// The spans of the batch that is being sent.
        var inFlight = 0
        var isOver = false
    }

    private let sender: any SpanSender
    private let queue: SpanQueue
    private let options: RemoteReporter.Options
    private let metrics: JaegerMetrics
    private let log: JaegerLog
    private let failures: RareLog
    private let state = Mutex(State())
    private let over = Latch()

    init(
        _ sender: any SpanSender,
        _ queue: SpanQueue,
        _ options: RemoteReporter.Options,
        _ metrics: JaegerMetrics,
        _ log: JaegerLog
    ) {
        self.sender = sender
        self.queue = queue
        self.options = options
        self.metrics = metrics
        self.log = log
        failures = RareLog(log)
    }

    /// Goes on until the queue is closed and empty, or the task is cancelled.
    func run(for process: JaegerProcess) async {
        while await queue.wait(for: .something) {
            if options.flushInterval > .zero {
                await queue.waitForBatch(atMost: options.flushInterval.bounded, options.sleep)
            } else {
                _ = await queue.wait(for: .batch)
            }
            // All that waits now, in batches: a span that missed one does not wait another interval.
            repeat {
                let batch = takeBatch()
                if batch.isEmpty { break }
                count(await send(batch, of: process), of: batch.count)
            } while !Task.isCancelled
            metrics.queueLength.set(queue.count)
            if Task.isCancelled { break }
        }
        giveUp()
    }

    /// In one step, so that whoever gives up finds each span in the queue or in flight.
    private func takeBatch() -> [JaegerSpan] {
        state.withLock { state in
            if state.isOver { return [] }
            let batch = queue.removeBatch()
            state.inFlight = batch.count
            return batch
        }
    }

    /// What has not been sent is lost from here on, and whoever still sends it is not waited for. The log tells how many
    /// spans were lost since the beginning.
    func giveUp() {
        let (inFlight, wasOver) = state.withLock { state in
            defer { state = State(isOver: true) }
            return (state.inFlight, state.isOver)
        }
        if wasOver { return }
        metrics.failed.add(inFlight + queue.removeAll())
        let (failed, dropped) = (metrics.failed.value, metrics.dropped.value)
        if failed + dropped > 0 {
            let all = failed + dropped + metrics.reported.value
            log.error("\(failed + dropped) of \(all) spans were lost: \(failed) not sent, \(dropped) not queued")
        }
        over.open()
    }

    /// Waits until nothing is sent any more.
    func waitForEnd() async { await over.wait() }

    private func send(_ batch: [JaegerSpan], of process: JaegerProcess) async -> SendOutcome {
        let sending = Task { await sender.send(batch, of: process) }
        let timer = Task { [timeout = options.exportTimeout.bounded] in
            try await Task.sleep(for: timeout)
            sending.cancel()
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await sending.value
        } onCancel: {
            sending.cancel()
        }
    }

    private func count(_ outcome: SendOutcome, of size: Int) {
        let sent = min(max(outcome.sent, 0), size)
        // Under the lock, so that whoever gave up finds the spans in flight or counted.
        let isLate = state.withLock { state in
            if state.isOver { return true }
            state.inFlight = 0
            metrics.reported.add(sent)
            metrics.failed.add(size - sent)
            return false
        }
        if isLate { return }
        guard let error = outcome.error else { return }
        if sent < size {
            failures(.error, "\(size - sent) of \(size) spans could not be sent: \(error)")
        } else {
            failures(.warning, "spans were sent, but: \(error)")
        }
    }
}
