import Synchronization

/// Runs the records of a consumer through a controller, partitions beside one another, until it is shut down.
///
///     let worker = Worker(consumer: consumer, controller: controller, concurrency: .key(limit: 64))
///     try await worker.run()
///
/// A record is completed, and its offset may be committed, once its handler finished, its result is acknowledged by the
/// results topic and, for a message that is given up, it is acknowledged by the dead-letter topic. Until then it would be
/// delivered again after a crash: at least once. What fails is answered, unless a ``RetryPolicy`` has it tried again.
public final class Worker: Sendable {
    let consumer: any RecordSource
    let controller: Controller
    let concurrency: Concurrency
    let options: WorkerOptions
    let handlers: Permits
    private let isShutDown = Atomic(false)

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
        if let files = options.controlFiles { ControlFiles.clean(files.pause, "pause", controller.logger) }
    }

    /// Works until ``shutdown()`` is called, the consumer closes or the task is cancelled.
    ///
    /// Shutting down lets handlers in flight finish within the consumer's drain deadline and cancels those that did not;
    /// cancelling the task cancels them at once. What they did not finish is delivered again. The consumer has left its
    /// group when this returns, and it returns when every handler has: one that heeds no cancellation holds it up.
    ///
    /// - Throws: the error that ended the consumer.
    public func run() async throws {
        log(.info, "Consumer.Starting...")
        warnOfUnreadRetries()
        do {
            try await withThrowingDiscardingTaskGroup { group in
                let watcher = options.controlFiles.map { files in Task { try await self.watch(files) } }
                defer { watcher?.cancel() }
                if let operations = options.operations {
                    group.addTask { await operations.keepRecovering(self.controller.logger) }
                }
                for try await partition in consumer.partitions {
                    group.addTask { try await self.work(partition) }
                }
                await consumer.close()
                group.cancelAll()
            }
        } catch {
            await release()
            throw error
        }
        await release()
    }

    /// Stops taking records, lets the handlers in flight finish within the consumer's drain deadline, commits and leaves
    /// the group; `run` then returns. Calling it twice is the same as once.
    public func shutdown() async {
        stop()
        await consumer.close()
    }

    /// Begins to shut down; the loops over partitions see it and end.
    private func stop() {
        if isShutDown.exchange(true, ordering: .acquiringAndReleasing) { return }
        log(.info, "Closing consumer and exiting")
        consumer.stop()
    }

    private func release() async {
        await consumer.close()
        guard let files = options.controlFiles else { return }
        ControlFiles.clean(files.pause, "lock", controller.logger)
        ControlFiles.clean(files.running, "lock", controller.logger)
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

    private func work(_ partition: PartitionStream) async throws {
        switch concurrency.mode {
        case .partition: try await workInOrder(partition)
        case .key, .unordered: try await workInLanes(partition)
        }
    }

    private func workInOrder(_ partition: PartitionStream) async throws {
        let unconfirmed = Permits(1_000)
        try await withThrowingDiscardingTaskGroup { group in
            var records = partition.makeAsyncIterator()
            while await mayGoOn(), let record = try await records.next() {
                guard await isDue(record, of: partition) else { continue }
                guard let settlement = await handle(record, of: partition) else { continue }
                await unconfirmed.take()
                group.addTask {
                    await self.confirm(settlement, of: partition)
                    unconfirmed.giveBack()
                }
            }
        }
    }

    /// Gives each key a lane while it has work. A lane begins when a handler is free, so there are never more tasks than
    /// handlers; what waits in lanes is bounded, the rest waits in the partition's buffer.
    private func workInLanes(_ partition: PartitionStream) async throws {
        let lanes = Lanes()
        let waiting = Permits(1_024)
        try await withThrowingDiscardingTaskGroup { group in
            var records = partition.makeAsyncIterator()
            while await mayGoOn(), let record = try await records.next() {
                guard await isDue(record, of: partition) else { continue }
                await waiting.take()
                let key = concurrency.mode == .key ? record.key : nil
                if let key, !lanes.enter(record, key: key) { continue }
                await handlers.take()
                group.addTask {
                    var current: Record? = record
                    while let record = current {
                        let settlement = await self.handle(record, of: partition)
                        self.handlers.giveBack()
                        if let settlement { await self.confirm(settlement, of: partition) }
                        waiting.giveBack()
                        current = key.flatMap { lanes.next(key: $0) }
                        if current != nil { await self.handlers.take() }
                    }
                }
            }
        }
    }
}

// MARK: kser's control files

extension Worker {
    /// Waits while the worker is paused by its file.
    ///
    /// - Returns: false when the worker is to end.
    private func mayGoOn() async -> Bool {
        guard let files = options.controlFiles else { return true }
        while true {
            if files.isTerminated {
                stop()
                return false
            }
            if !files.isPaused { return true }
            log(.warning, "Consumer is paused")
            do { try await files.sleep(files.checkInterval) } catch { return false }
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
