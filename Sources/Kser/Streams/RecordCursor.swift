/// Hands out records of a mailbox one by one, with no suspension while its batch lasts.
///
/// `completesPrevious` is for sequences whose loop body is the work: asking for the next record completes the last one, and
/// a cursor that goes takes its last record back, for its body did not end.
final class RecordCursor {
    private let inbox: Mailbox<PartitionBatch>
    private let completesPrevious: Bool
    private var stream: PartitionStream?
    /// What the batch at hand has left, the next one last, so that it is moved out rather than copied.
    private var rest: [Record] = []
    /// The record whose work the loop's body is doing.
    private var current: Int64?
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
        if let first = current ?? rest.last?.offset { stream?.withdraw(from: first) }
        onDrop()
    }

    @inline(__always)
    func next(isolation: isolated (any Actor)?) async throws -> Record? {
        if let record = nextAtHand() { return record }
        return try await nextToCome(isolation: isolation)
    }

    /// The next record of the batch at hand; nil when it is used up, or its partition ended or is paused.
    private func nextAtHand() -> Record? {
        guard let stream else { return nil }
        if let current = current.take() { stream.complete(current) }
        if !stream.isFlowing { putBack(to: stream) }
        guard let record = rest.popLast() else {
            self.stream = nil
            return nil
        }
        if completesPrevious { current = record.offset }
        return record
    }

    private func nextToCome(isolation: isolated (any Actor)?) async throws -> Record? {
        while let arrived = try await inbox.next(isolation: isolation) {
            guard let batch = arrived.stream.begin(arrived) else { continue }
            stream = batch.stream
            rest = batch.records.reversed()
            if let record = nextAtHand() { return record }
        }
        return nil
    }

    /// Gives back what a partition that ended or is paused is not to hand out.
    private func putBack(to stream: PartitionStream) {
        guard let next = rest.last else { return }
        if stream.isEnded {
            stream.withdraw(from: next.offset)
        } else if !stream.setAside(rest.reversed()) {
            return
        }
        rest = []
    }
}
