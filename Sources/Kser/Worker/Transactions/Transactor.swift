import Synchronization

/// Collects what comes of a worker's records and commits it, one transaction after the other.
///
/// Its records stay in work in their partitions until they are committed: a revocation waits for that as for handlers.
final class Transactor: Sendable {
    let options: Transactions
    private let worker: WorkerOptions
    private let logger: KserLogger
    private let monitor: (any KserMonitor)?
    private let state: Mutex<TransactorState>

    private var clock: WorkerClock { worker.clock }

    init(_ options: Transactions, _ worker: WorkerOptions, _ controller: Controller) {
        self.options = options
        self.worker = worker
        logger = controller.logger
        monitor = controller.monitor
        state = Mutex(TransactorState(maxMessages: options.maxMessages))
    }

    /// Expects records of a partition.
    func open(_ stream: PartitionStream) {
        state.withLock { $0.open(stream) }
        // From then on what there is waits for nothing more.
        _ = stream.onEnd { [weak self] in self?.state.withLock { $0.hurry() }?.resume() }
        stream.onPassing { [weak self, weak stream] in stream.map { self?.pass($0) } }
    }

    /// Expects no more records of a partition.
    func close(_ stream: PartitionStream) { state.withLock { $0.close(stream) } }

    /// Notes that a record is in work, in the order of its partition, when there is room for it.
    func begin(_ record: Record, of stream: PartitionStream) async {
        guard let room = state.withLock({ $0.room(of: stream) }) else { return }
        await room.take(record.footprint, of: stream)
        if !state.withLock({ $0.begin(record, of: stream) }) { room.giveBack(record.footprint) }
    }

    /// Takes what comes of a record, for a transaction.
    func settle(_ settlement: Settlement, of stream: PartitionStream) {
        let step = state.withLock { $0.settle(settlement, of: stream) }
        if case .refused = step { stream.abandon(settlement.record) } else { take(step) }
    }

    private func pass(_ stream: PartitionStream) { take(state.withLock { $0.pass(stream) }) }

    private func take(_ step: TransactorState.Step) {
        switch step {
        case .refused, .nothing: break
        case .wait: startTimer()
        case .go(let waiter): waiter.resume()
        }
    }

    /// Notes that nobody works on a record any more: neither it nor a later one of its partition can be committed.
    func giveUp(_ record: Record, of stream: PartitionStream) {
        state.withLock { $0.giveUp(from: record.offset, of: stream) }?.abandon()
        stream.abandon(record)
    }

    private func startTimer() {
        Task { [weak self, clock, delay = options.maxDelay] in
            try? await clock.sleep(delay)
            self?.state.withLock { $0.timerEnded() }?.resume()
        }
    }
}

// Committing.
extension Transactor {
    /// Commits until ``end()``.
    ///
    /// - Throws: the error that leaves the producer of no further use. Nothing is committed from then on.
    func run() async throws {
        defer { end() }
        while await isDue() {
            let (batch, lost) = state.withLock { $0.take() }
            for part in lost { part.abandon() }
            if !batch.parts.isEmpty { try await commit(batch) }
        }
    }

    /// Ends ``run()``, and gives up what is not committed.
    func end() {
        let (waiter, lost) = state.withLock { $0.end() }
        for part in lost { part.abandon() }
        waiter?.resume()
    }

    /// Waits until a transaction is due.
    ///
    /// - Returns: false when there is none to come.
    private func isDue() async -> Bool {
        await withCheckedContinuation { waiter in
            if state.withLock({ $0.wait(waiter) }) { waiter.resume() }
        }
        return state.withLock { !$0.isEnded }
    }

    private func commit(_ batch: TransactionBatch) async throws {
        var batch = batch
        let progress = batch.progress
        do {
            try await batch.complete()
            try await options.producer.commit(batch.records, completing: progress)
        } catch {
            return try await giveBack(batch, after: error)
        }
        state.withLock { $0.committed(batch, progress) }
        for part in batch.parts {
            part.complete(monitor)
            pass(part.stream)
        }
    }

    /// Puts the records of a failed transaction back. Of one that had a single message, what is sent is changed if need be;
    /// a larger one is taken apart until the message at fault is alone.
    private func giveBack(_ batch: TransactionBatch, after error: any Error) async throws {
        var batch = batch
        var pauses = false
        do {
            pauses = try await mend(&batch, after: error)
        } catch {
            for part in state.withLock({ $0.failed(batch, pauses: false) }).lost { part.abandon() }
            throw error
        }
        let (pause, lost) = state.withLock { $0.failed(batch, pauses: pauses) }
        for part in lost { part.abandon() }
        guard pauses else {
            state.withLock { $0.hurry() }?.resume()
            return
        }
        Task { [weak self, clock] in
            try? await clock.sleep(pause)
            self?.state.withLock { $0.pauseEnded(of: batch) }?.resume()
        }
    }

    /// - Returns: whether to wait before the next transaction with these records.
    /// - Throws: what ends the worker.
    private func mend(_ batch: inout TransactionBatch, after error: any Error) async throws -> Bool {
        let index = (error as? any ClientError)?.failedIndex
        let failure = error as? Settlement.Failure ?? Settlement.Failure(error, of: index)
        if failure.error is CancellationError { throw failure.error }
        guard var settlement = batch.only else {
            let count = batch.count
            logger.consumer(.error, "a transaction of \(count) message(s) failed: \(failure.error)")
            if failure.verdict == .fatal { throw failure.error }
            return count == 0 || failure.verdict == .transient || failure.verdict == .unknownTopic
        }
        let remedy = await settlement.remedy(for: failure, worker)
        remedy.report(settlement, failure, to: logger, monitor)
        batch.only = settlement
        switch remedy {
        case .again: return true
        case .changed: return false
        case .end(let error): throw error
        }
    }
}
