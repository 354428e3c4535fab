import Synchronization

/// Sends spans elsewhere, in batches and in the background.
///
/// Spans wait in a queue of bounded length; when it is full, the newest are dropped and counted
/// (`jaeger:reporter_spans`, `result` = `ok`, `err` or `dropped`).
public final class RemoteReporter: Reporter {
    /// How spans are collected. The defaults are those of Jaeger's client for Python.
    public struct Options: Sendable {
        /// How many spans may wait.
        public var queueCapacity = 100
        /// How many spans are sent at once.
        public var batchSize = 10
        /// How long a span waits for others at most; zero: until there are enough for a batch.
        public var flushInterval: Duration = .seconds(1)
        /// How long ``RemoteReporter/close()`` goes on sending; what is left then counts as failed.
        public var closeTimeout: Duration = .seconds(10)
        /// Waits for a time to pass; tests bring their own.
        package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

        /// The defaults.
        public init() {}
    }

    private let sender: any SpanSender
    private let queue: SpanQueue
    private let options: Options
    private let metrics: JaegerMetrics
    private let log: RareLog
    private let process = Mutex<JaegerProcess?>(nil)
    private let work = Mutex<Task<Void, Never>?>(nil)

    /// Makes a reporter.
    ///
    /// - Parameters:
    ///   - sender: sends batches.
    ///   - options: how spans are collected.
    ///   - metrics: counts what became of spans.
    ///   - log: is told of failures, at most once in 15 minutes.
    /// - Throws: ``JaegerError`` of code `invalidArgument` when a batch would not fit into the queue.
    public init(
        _ sender: any SpanSender,
        options: Options = Options(),
        metrics: JaegerMetrics = JaegerMetrics(),
        log: JaegerLog = .standardError
    ) throws(JaegerError) {
        guard options.batchSize > 0, options.queueCapacity >= options.batchSize else {
            let sizes = "\(options.queueCapacity) spans, a batch has \(options.batchSize)"
            throw JaegerError(
                .invalidArgument,
                "a batch has to have a span and to fit into the queue: it takes \(sizes)"
            )
        }
        self.sender = sender
        self.options = options
        self.metrics = metrics
        self.log = RareLog(log)
        queue = SpanQueue(capacity: options.queueCapacity, batchSize: options.batchSize)
    }

    deinit {
        queue.close()
        work.withLock { $0 }?.cancel()
    }

    /// Tells what all spans share, and begins to send.
    public func setProcess(_ process: JaegerProcess) {
        self.process.withLock { $0 = process }
        work.withLock { work in
            guard work == nil else { return }
            work = Task { [sender, queue, options, metrics, log] in
                await Self.run(queue, sender: sender, of: process, options, metrics, log)
            }
        }
    }

    /// Queues a span. When the queue is full or closed, the span is dropped.
    public func report(_ span: JaegerSpan) {
        if !queue.append(span) { metrics.dropped.add() }
    }

    /// Sends what waits, and takes no more. What cannot be sent in time counts as failed.
    public func close() async {
        queue.close()
        guard let work = work.withLock({ $0 }) else { return metrics.failed.add(queue.removeAll()) }
        let timer = Task { [options] in
            try await options.sleep(options.closeTimeout)
            work.cancel()
        }
        await work.value
        timer.cancel()
        await sender.close()
    }

    private static func run(
        _ queue: SpanQueue,
        sender: any SpanSender,
        of process: JaegerProcess,
        _ options: Options,
        _ metrics: JaegerMetrics,
        _ log: RareLog
    ) async {
        while await queue.wait(for: .something) {
            if options.flushInterval > .zero {
                await queue.waitForBatch(atMost: options.flushInterval, options.sleep)
            } else {
                _ = await queue.wait(for: .batch)
            }
            // All that waits now, in batches: a span that missed one does not wait another interval.
            repeat {
                let batch = queue.removeBatch()
                if batch.isEmpty { break }
                let outcome = await sender.send(batch, of: process)
                metrics.reported.add(outcome.sent)
                metrics.failed.add(batch.count - outcome.sent)
                if let error = outcome.error { log("spans could not be sent: \(error)") }
            } while !Task.isCancelled
            metrics.queueLength.set(queue.count)
            if Task.isCancelled { break }
        }
        metrics.failed.add(queue.removeAll())
    }
}

/// Tells of the first failure, and then of one in 15 minutes.
final class RareLog: Sendable {
    private let log: JaegerLog
    private let last = Mutex<Double?>(nil)

    init(_ log: JaegerLog) { self.log = log }

    func callAsFunction(_ message: String) {
        let now = SystemTime.steady
        let isDue = last.withLock { last in
            if let last, now - last < 15 * 60 { return false }
            last = now
            return true
        }
        if isDue { log.error(message) }
    }
}
