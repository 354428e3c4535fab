import Synchronization

/// Collects what comes of a worker's records and commits it, one transaction after the other.
///
/// Its records stay in work in their partitions until they are committed: a revocation waits for that as for handlers.
final class Transactor: Sendable {
    let options: Transactions
    private let clock: WorkerClock
    private let logger: KserLogger
    private let state: Mutex<TransactorState>

    init(_ options: Transactions, _ clock: WorkerClock, _ logger: KserLogger) {
        self.options = options
        self.clock = clock
        self.logger = logger
        state = Mutex(TransactorState(maxMessages: options.maxMessages))
    }

    /// Expects records of a partition.
    func open(_ stream: PartitionStream) {
        state.withLock { $0.open(stream) }
        // From then on what there is waits for nothing more.
        _ = stream.onEnd { [weak self] in self?.state.withLock { $0.hurry() }?.resume() }
    }

    /// Expects no more records of a partition.
    func close(_ stream: PartitionStream) { state.withLock { $0.close(stream) } }

    /// Notes that a record is in work, in the order of its partition, when there is room for it.
    func begin(_ record: Record, of stream: PartitionStream) async {
        guard let room = state.withLock({ $0.room(of: stream) }) else { return }
        await room.take()
        if !state.withLock({ $0.begin(record, of: stream) }) { room.giveBack() }
    }

    /// Takes what comes of a record, for a transaction.
    func settle(_ record: Record, _ output: [ProducerRecord], of stream: PartitionStream) {
        switch state.withLock({ $0.settle(record, output, of: stream) }) {
        case .refused: stream.abandon(record)
        case .nothing: break
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
        do {
            try await options.producer.commit(batch.records, completing: batch.progress)
        } catch {
            return try giveBack(batch, after: error)
        }
        state.withLock { $0.committed(batch) }
        for part in batch.parts { part.complete() }
    }

    private func giveBack(_ batch: TransactionBatch, after error: any Error) throws {
        let (pause, lost) = state.withLock { $0.failed(batch) }
        for part in lost { part.abandon() }
        if error is CancellationError { throw error }
        let isFatal = (error as? any ClientError)?.isFatal == true
        logger.log(.error) {
            let text = "Consumer: a transaction of \(batch.count) message(s) failed\(isFatal ? "" : ", trying again")"
            return LogRecord(.error, logger: "kser.consumer", "\(text): \(error)")
        }
        if isFatal { throw error }
        Task { [weak self, clock] in
            try? await clock.sleep(pause)
            self?.state.withLock { $0.pauseEnded(of: batch) }?.resume()
        }
    }
}
