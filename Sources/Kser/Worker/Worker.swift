import Synchronization

/// Runs the records of a consumer through a controller, partitions beside one another, until it is shut down.
///
///     let worker = Worker(consumer: consumer, controller: controller, concurrency: .key(limit: 64))
///     try await worker.run()
///
/// A record is completed, and its offset may be committed, once its handler finished, its result is acknowledged by the
/// results topic and, for a message no handler took, it is acknowledged by the dead-letter topic. Until then it would be
/// delivered again after a crash: at least once.
public final class Worker: Sendable {
    private let consumer: any RecordSource
    private let controller: Controller
    private let concurrency: Concurrency
    private let options: WorkerOptions
    private let handlers: Permits
    private let isShutDown = Atomic(false)

    /// Makes a worker.
    ///
    /// - Parameters:
    ///   - consumer: where records come from.
    ///   - controller: who runs them.
    ///   - concurrency: how many are in work at once, and in which order.
    ///   - options: where results and refused messages go, and the like.
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
    /// Shutting down lets handlers in flight finish; cancelling cancels them, and what they did not finish is delivered
    /// again.
    ///
    /// - Throws: the error that ended the consumer.
    public func run() async throws {
        log(.info, "Consumer.Starting...")
        do {
            try await withThrowingDiscardingTaskGroup { group in
                let watcher = options.controlFiles.map { files in Task { try await self.watch(files) } }
                defer { watcher?.cancel() }
                for try await partition in consumer.partitions {
                    group.addTask { try await self.work(partition) }
                }
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
                guard let outcome = await handle(record, of: partition) else { continue }
                await unconfirmed.take()
                group.addTask {
                    await self.confirm(outcome, of: partition)
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
                await waiting.take()
                let key = concurrency.mode == .key ? record.key : nil
                if let key, !lanes.enter(record, key: key) { continue }
                await handlers.take()
                group.addTask {
                    var current: Record? = record
                    while let record = current {
                        let outcome = await self.handle(record, of: partition)
                        self.handlers.giveBack()
                        if let outcome { await self.confirm(outcome, of: partition) }
                        waiting.giveBack()
                        current = key.flatMap { lanes.next(key: $0) }
                        if current != nil { await self.handlers.take() }
                    }
                }
            }
        }
    }

    /// Dispatches a record and completes it, unless something has to be sent and acknowledged first.
    ///
    /// - Returns: what was handed to the producer; ``confirm(_:of:)`` completes the record.
    private func handle(_ record: Record, of partition: PartitionStream) async -> Outcome? {
        if partition.isEnded || Task.isCancelled {
            partition.abandon(record)
            return nil
        }
        if options.acknowledgement == .beforeRun {
            partition.complete(record)
            guard await commit() else { return nil }
        }
        let dispatch = await controller.dispatch(record)
        if Task.isCancelled, !dispatch.result.isSuccess {
            partition.abandon(record)
            return nil
        }
        guard options.sendsAnything(for: dispatch) else {
            partition.complete(record)
            return nil
        }
        var outcome = Outcome(record: record, dispatch: dispatch)
        outcome.deliveries = try? await options.send(outcome)
        return outcome
    }

    private func commit() async -> Bool {
        do {
            try await consumer.commit()
            log(.debug, "Consumer: Manual commit done.")
            return true
        } catch {
            log(.error, "Consumer: Manual commit failed: \(error)")
            return false
        }
    }

    /// Completes a record when everything sent for it is acknowledged. What was not is sent again, until the partition
    /// ends and the record goes to its next owner; what was handed to the producer before is waited for even then.
    private func confirm(_ outcome: Outcome, of partition: PartitionStream) async {
        var deliveries = outcome.deliveries
        var delay = Duration.milliseconds(100)
        defer { partition.abandon(outcome.record) }
        repeat {
            do {
                if deliveries == nil { deliveries = try await options.send(outcome) }
                for delivery in deliveries ?? [] { _ = try await delivery.metadata() }
                partition.complete(outcome.record)
                return
            } catch {
                log(.error, "Consumer: outcome of \(outcome.record.position) not sent, trying again: \(error)")
            }
            do { try await Task.sleep(for: delay) } catch { return }
            delay = min(delay * 2, .seconds(10))
            deliveries = nil
        } while !partition.isEnded
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

    private func log(_ level: LogLevel, _ text: String) {
        controller.logger.log(level) { LogRecord(level, logger: "kser.consumer", text) }
    }
}
