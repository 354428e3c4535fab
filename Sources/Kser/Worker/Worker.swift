import Synchronization

/// Runs the records of a consumer through a controller, partitions beside one another, until it is shut down.
///
///     let worker = Worker(consumer: consumer, controller: controller, concurrency: .key(limit: 64))
///     try await worker.run()
///
/// A record is completed, and its offset may be committed, once its handler finished, its result is acknowledged by the
/// results topic and, for a message that is given up, it is acknowledged by the dead-letter topic. Until then it would be
/// delivered again after a crash: at least once. What fails is answered, unless a ``RetryPolicy`` has it tried again.
/// With ``Transactions`` all that is sent and the offset are committed together: exactly once.
public final class Worker: Sendable {
    let consumer: any RecordSource
    let controller: Controller
    let concurrency: Concurrency
    let options: WorkerOptions
    let handlers: Permits
    let transactor: Transactor?
    let listener: CancellationListener?
    let deduplicator: Deduplicator?
    let crashes: CrashGuard?
    /// What is done with every message besides running it.
    let terms: Arrival.Terms?
    /// Whether the worker runs messages and completes their records, and nothing else that may wait.
    let isBare: Bool
    /// Whether messages come sealed.
    let isSealed: Bool
    /// Broken with the first error, which ``run()`` throws.
    let failure = Promise<Void>()
    /// Kept once ``run()`` was called.
    let begun = Promise<Void>()
    /// Kept once the shutdown has begun, whatever began it.
    let ending = Promise<Void>()
    /// Kept once ``run()`` waits for nothing more.
    let ended = Promise<Void>()
    /// How many signals came.
    let signals = Atomic(0)
    /// The partitions whose records are worked on, those that were taken away but are not done included.
    let partitions = Mutex<[ObjectIdentifier: PartitionStream]>([:])

    /// Makes a worker.
    ///
    /// - Parameters:
    ///   - consumer: where records come from.
    ///   - controller: who runs them.
    ///   - concurrency: how many are in work at once, and in which order.
    ///   - options: where results and dead letters go, when it tries again, and the like.
    public init(
        consumer: some RecordSource,
        controller: Controller,
        concurrency: Concurrency = .partition,
        options: WorkerOptions = WorkerOptions()
    ) {
        self.consumer = consumer
        self.controller = controller
        self.concurrency = concurrency
        self.options = options
        handlers = Permits(concurrency.limit)
        transactor = options.transactions.map { Transactor($0, options, controller) }
        listener = options.cancellations.map {
            CancellationListener($0, clock: options.clock, codec: controller.codec, logger: controller.logger)
        }
        let isSealed = controller.codec.isSealing
        self.isSealed = isSealed
        deduplicator = options.deduplication.map {
            Deduplicator($0, heedsReplays: !isSealed, logger: controller.logger)
        }
        crashes = options.retries?.crashes.map {
            CrashGuard($0, group: consumer.groupID ?? "", logger: controller.logger)
        }
        let supervision = Supervision(listener?.registry, deduplicator, crashes)
        // Replies are written before it is decided what becomes of their messages.
        let writer = options.replies?.writer
        terms = supervision == nil && writer == nil ? nil : Arrival.Terms(supervision, writer)
        isBare = options.replies == nil && options.operations == nil && transactor == nil && supervision == nil
        if let files = options.controlFiles { ControlFiles.clean(files.pause, "pause", controller.logger) }
    }

    /// Works until ``shutdown()`` is called, one of ``WorkerOptions/shutdownSignals`` comes, the consumer closes or fails,
    /// or the task is cancelled.
    ///
    /// Shutting down lets handlers in flight finish within the consumer's drain deadline and cancels those that did not;
    /// cancelling the task cancels them at once. What they did not finish is delivered again. The consumer has left its
    /// group when this returns, and every handler has ended. What that waits for is logged as a warning after 5 seconds,
    /// and then ever less often.
    ///
    /// A second signal cuts the shutdown short, and so does ``WorkerOptions/hardTimeout``: handlers are cancelled, and this
    /// throws at once, whatever goes on. Handlers that heed no cancellation run on without being waited for, and a consumer
    /// that has not left its group yet does it meanwhile.
    ///
    /// - Throws: the error that ended the consumer, or that of a producer which is of no further use: results and dead
    ///   letters would never be sent, and nothing be completed. ``KserError`` with the place of a message when what came of
    ///   it is never taken, because its topic is missing, say. With ``Transactions`` also why they cannot begin.
    ///   Otherwise, for a shutdown that is cut short, ``KserError`` `cancelled` after a second signal and
    ///   `deadlineExceeded` after ``WorkerOptions/hardTimeout``.
    public func run() async throws { try await heedingServiceGroup { try await workUntilCutShort() } }

    /// Works, until the consumer has left its group and everything in work has ended.
    func work() async {
        log(.info, "Consumer.Starting...")
        if let monitor = controller.monitor {
            consumer.report(to: monitor)
            monitor.workerBegan(self)
        }
        defer { controller.monitor?.workerEnded(self) }
        warnOfUnreadRetries()
        do { try checkNames() } catch { fail(error) }
        let committing = await beginTransactions()
        await withDiscardingTaskGroup { group in
            let watcher = options.controlFiles.map { files in Task { try await self.watch(files) } }
            defer { watcher?.cancel() }
            if let operations = options.operations {
                group.addTask { await operations.keep(on: self.controller) }
            }
            if let listener { group.addTask { await listener.run() } }
            do {
                for try await partition in consumer.partitions {
                    group.addTask {
                        do {
                            try await self.work(partition)
                        } catch {
                            self.fail(error)
                        }
                    }
                }
            } catch {
                fail(error)
            }
            ending.keep()
            await consumer.close()
            group.cancelAll()
            // What waits for its transaction would hold up the group.
            await endTransactions(committing)
        }
        if let files = options.controlFiles {
            ControlFiles.clean(files.pause, "lock", controller.logger)
            ControlFiles.clean(files.running, "lock", controller.logger)
        }
    }

    /// The group that the worker's consumer is in.
    package var groupID: String? { consumer.groupID }

    /// Where the operations are kept whose tasks the worker runs.
    package var operationStore: (any OperationStore)? { options.operations?.store }

    /// Whether tasks wait whose operations are in another store than the worker's.
    package var hasStrangers: Bool { options.operations?.state.hasStrangers == true }

    /// Whether ``pause()`` or a file holds the worker back.
    package var isHeldBack: Bool { isPaused || options.controlFiles?.isPaused == true }

    /// The topics that the worker's consumer reads.
    package var subscribedTopics: [String]? { consumer.subscribedTopics }

    /// Stops taking records, lets the handlers in flight finish within the consumer's drain deadline, commits and leaves
    /// the group; `run` then returns. Calling it twice is the same as once.
    public func shutdown() async {
        stop()
        await consumer.close()
    }

    /// Ends the worker with an error.
    func fail(_ error: any Error) {
        failure.fail(error)
        ending.keep()
        consumer.stop()
    }

    /// Begins to shut down; the loops over partitions see it and end.
    func stop() {
        if !ending.keep() { return }
        log(.info, "Closing consumer and exiting")
        consumer.stop()
    }

    private func warnOfUnreadRetries() {
        guard let retries = options.retries?.topics, let topics = consumer.subscribedTopics else { return }
        let missing = retries.names(missingIn: topics)
        if missing.isEmpty { return }
        log(
            .warning,
            "Consumer: retries go to \(missing.joined(separator: ", ")), which this consumer does not read; "
                + "give it RetryTopics.names(for:) too, unless another worker reads them"
        )
    }
}

// MARK: kser's control files

extension Worker {
    /// Waits while the worker is paused by its file.
    ///
    /// - Returns: false when the worker is to end, or the partition ended meanwhile.
    @inline(__always)
    func mayGoOn(with partition: PartitionStream) async -> Bool {
        guard let files = options.controlFiles else { return true }
        return await mayGoOn(with: partition, files)
    }

    private func mayGoOn(with partition: PartitionStream, _ files: ControlFiles) async -> Bool {
        while true {
            if files.isTerminated {
                stop()
                return false
            }
            if !files.isPaused { return true }
            log(.warning, "Consumer is paused")
            let goesOn = await pause(in: partition) { try await files.sleep(files.checkInterval) }
            if !goesOn { return false }
        }
    }

    /// Ends an idle worker when its terminate file appears.
    private func watch(_ files: ControlFiles) async throws {
        while !files.isTerminated { try await Task.sleep(for: files.checkInterval) }
        stop()
    }

    func log(_ level: LogLevel, _ text: @autoclosure () -> String) {
        controller.logger.log(level) { LogRecord(level, logger: "kser.consumer", text()) }
    }
}
