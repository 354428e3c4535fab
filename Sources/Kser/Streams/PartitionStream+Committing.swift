import Synchronization

// What the owner or a transaction commits.
extension PartitionStream {
    /// Lets a record be committed before its work is done, with all before it; or lets it no more.
    func setCommittable(_ record: Record, _ isCommittable: Bool) {
        state.withLock { $0.ahead = isCommittable ? record.following : record.offset }
    }

    /// Whether a record was committed, or its commit is on its way.
    func isCommitted(_ record: Record) -> Bool { state.withLock { $0.committed ?? .min } >= record.following }

    private static let superseded: UInt8 = 8

    /// Ends the stream since its offsets say nothing of the partition any more: what is in work goes on, but none of its
    /// offsets is committed.
    package func supersede() {
        flags.bitwiseOr(Self.superseded, ordering: .releasing)
        end()
    }

    /// Whether another stream has taken over the partition, whose offsets went back.
    package var isSuperseded: Bool { flags.load(ordering: .acquiring) & Self.superseded != 0 }

    /// The offset to commit when this record and all before it are done: behind the markers that follow, if they are known.
    func following(_ record: Record) -> Int64 { state.withLock { $0.ledger.following(record.offset) } }

    /// The offset that all before is done, when nothing is in work.
    var idleOffset: Int64? { state.withLock { $0.ledger.incomplete == 0 ? $0.ledger.committable : nil } }

    /// Calls the action each time the partition ends for now, until the stream ends.
    func onPassing(_ action: @escaping @Sendable () -> Void) { state.withLock { $0.passing = action } }

    /// Lets a transaction commit an offset of this partition, unless the owner waits for nothing any more. From then on
    /// the owner gets no offset to commit by itself.
    package func enterTransaction() -> Bool {
        state.withLock { state in
            if isReleased { return false }
            state.isTransactional = true
            state.openTransactions += 1
            return true
        }
    }

    /// Notes that a transaction with an offset of this partition is over.
    package func leaveTransaction() {
        let isIdle = state.withLock { state in
            state.openTransactions -= 1
            return state.openTransactions == 0
        }
        if isIdle, isEnded { owner.partitionBecameIdle(self) }
    }

    /// Whether a transaction may still commit an offset of this partition.
    package var isInTransaction: Bool { state.withLock { $0.openTransactions > 0 } }

    /// Whether there is an offset to commit.
    package var hasCommittable: Bool { state.withLock { $0.committable != nil } }

    /// The offset to commit when it differs from the last one taken; the owner commits it, or calls `commitFailed`.
    package func takeCommittable() -> Int64? {
        state.withLock { state in
            guard let offset = state.committable else { return nil }
            state.committed = offset
            return offset
        }
    }

    /// Makes the offset of a failed commit committable again.
    package func commitFailed() {
        state.withLock { $0.committed = nil }
    }
}
