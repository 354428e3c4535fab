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
        /// How long a batch may take to be sent, with all attempts; what is left of it then counts as failed.
        public var exportTimeout: Duration = .seconds(30)
        /// How long ``RemoteReporter/close()`` goes on sending, at most ``exportTimeout``; what is left then counts as failed.
        public var closeTimeout: Duration = .seconds(10)
        /// Waits for a time to pass; tests bring their own.
        package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

        /// The defaults.
        public init() {}
    }

    private let sender: any SpanSender
    private let queue: SpanQueue
    private let export: SpanExport
    private let options: Options
    private let metrics: JaegerMetrics
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
        queue = SpanQueue(capacity: options.queueCapacity, batchSize: options.batchSize)
        export = SpanExport(sender, queue, options, metrics, log)
    }

    deinit {
        queue.close()
        work.withLock { $0 }?.cancel()
    }

    /// Tells what all spans share, and begins to send.
    public func setProcess(_ process: JaegerProcess) {
        work.withLock { work in
            guard work == nil else { return }
            work = Task { [export] in await export.run(for: process) }
        }
    }

    /// Queues a span. When the queue is full or closed, the span is dropped.
    public func report(_ span: JaegerSpan) {
        if !queue.append(span) { metrics.dropped.add() }
    }

    /// Sends what waits, and takes no more. What cannot be sent in time counts as failed; how many spans were lost since
    /// the beginning is logged.
    public func close() async {
        queue.close()
        if let work = work.withLock({ $0 }) {
            let timer = Task { [options, export] in
                try await options.sleep(min(options.closeTimeout, options.exportTimeout).bounded)
                work.cancel()
                export.giveUp()
            }
            await export.waitForEnd()
            timer.cancel()
        } else {
            export.giveUp()
        }
        await sender.close()
    }
}
