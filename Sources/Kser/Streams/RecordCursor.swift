/// Hands out records of a mailbox one by one, with no suspension while its batch lasts.
///
/// `completesPrevious` is for sequences whose loop body is the work: asking for the next record completes the last one, and
/// a cursor that goes takes its last record back, for its body did not end. A task that is cancelled gets nothing more and
/// completes nothing by asking: its body may have been cut short.
final class RecordCursor {
    private let inbox: Mailbox<PartitionBatch>
    private let completesPrevious: Bool
    private var batch: PartitionBatch?
    private var index = 0
    private let onDrop: @Sendable () -> Void

    init(
        _ inbox: Mailbox<PartitionBatch>,
        completesPrevious: Bool,
        onDrop: @escaping @Sendable () -> Void = {}
    ) {
        self.inbox = inbox
        self.completesPrevious = completesPrevious
        self.onDrop = onDrop
    }

    deinit {
        if completesPrevious, index > 0 { index -= 1 }
        withdrawRest()
        onDrop()
    }

    @inline(__always)
    func next(isolation: isolated (any Actor)?) async throws -> Record? {
        if let record = nextAtHand() { return record }
        return try await nextToCome(isolation: isolation)
    }

    /// The next record of the batch at hand; nil when it is used up, or its partition ended or is paused.
    private func nextAtHand() -> Record? {
        guard let batch, !Task.isCancelled else { return nil }
        if completesPrevious, index > 0 { batch.stream.complete(batch.records[index - 1]) }
        if index < batch.records.count, mayHandOut(batch) {
            index += 1
            return batch.records[index - 1]
        }
        self.batch = nil
        index = 0
        return nil
    }

    private func nextToCome(isolation: isolated (any Actor)?) async throws -> Record? {
        while !Task.isCancelled, let arrived = try await inbox.next(isolation: isolation) {
            batch = arrived.stream.begin(arrived)
            if let record = nextAtHand() { return record }
        }
        return nil
    }

    /// Whether the next record may be handed out; if not, the rest of the batch is taken back.
    private func mayHandOut(_ batch: PartitionBatch) -> Bool {
        if batch.stream.isFlowing { return true }
        if !batch.stream.isEnded { return !batch.stream.setAside(batch, from: index) }
        withdrawRest()
        return false
    }

    private func withdrawRest() {
        guard let batch, index < batch.records.count else { return }
        batch.stream.withdraw(from: batch.records[index].offset)
        self.batch = nil
        index = 0
    }
}
