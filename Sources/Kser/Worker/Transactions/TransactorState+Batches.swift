// What transactions are made of. A partition whose records were in a transaction that failed is tried alone, and with
// ever fewer of them, so that a record that cannot be sent holds up no other partition.
extension TransactorState {
    /// Takes what the next transaction is made of.
    ///
    /// - Returns: that, and the records of partitions that are not ours any more.
    mutating func take() -> (batch: TransactionBatch, lost: [TransactionPart]) {
        let lost = giveUp { $0.stream.isReleased }
        let able = partitions.filter { $0.value.waiting > 0 }
        let sound = able.filter { $0.value.failures == 0 }
        let failed = able.filter { $0.value.failures > 0 }.min { $0.value.failures < $1.value.failures }
        takesFailed.toggle()
        var counts: [ObjectIdentifier: Int] = [:]
        if let failed, takesFailed || sound.isEmpty {
            counts[failed.key] = max(1, maxMessages >> min(failed.value.failures, 60))
        } else {
            counts = shares(of: sound.mapValues(\.waiting))
        }
        var batch = TransactionBatch()
        for (id, count) in counts {
            guard let entries = partitions[id]?.backlog.take(count) else { continue }
            partitions[id]?.isInTransaction = true
            partitions[id]?.isBehind = false
            part(of: id, entries).map { batch.parts.append($0) }
        }
        taken()
        return (batch, lost)
    }

    /// To each partition the same, then the rest to those that have more.
    private func shares(of waiting: [ObjectIdentifier: Int]) -> [ObjectIdentifier: Int] {
        let share = max(1, maxMessages / max(1, waiting.count))
        var left = maxMessages
        var counts: [ObjectIdentifier: Int] = [:]
        for (id, count) in waiting where left > 0 {
            counts[id] = min(share, count, left)
            left -= counts[id] ?? 0
        }
        for (id, count) in waiting where left > 0 {
            let more = min(count - (counts[id] ?? 0), left)
            counts[id, default: 0] += more
            left -= more
        }
        return counts
    }

    /// Notes that a transaction is committed.
    mutating func committed(_ batch: TransactionBatch, _ progress: [PartitionProgress]) {
        for done in progress { partitions[ObjectIdentifier(done.partition)]?.committed = done.offset }
        for part in batch.parts {
            let id = ObjectIdentifier(part.stream)
            partitions[id]?.failures = 0
            partitions[id]?.isInTransaction = false
            forgetIfDone(id)
        }
    }

    /// Puts the records of a failed transaction back, to be tried again at once or after ``pauseEnded(of:)``.
    ///
    /// - Returns: how long the pause is, and the records that can be committed no more.
    mutating func failed(_ batch: TransactionBatch, pauses: Bool) -> (pause: Duration, lost: [TransactionPart]) {
        var lost: [TransactionPart] = []
        var failures = 0
        for part in batch.parts {
            let id = ObjectIdentifier(part.stream)
            guard partitions[id] != nil else {
                lost.append(part)
                continue
            }
            partitions[id]?.backlog.putBack(part.entries)
            partitions[id]?.isBehind = part.entries.isEmpty
            partitions[id]?.isInTransaction = false
            partitions[id]?.failures += 1
            partitions[id]?.isPaused = pauses
            failures = max(failures, partitions[id]?.failures ?? 0)
        }
        recount()
        let pause = Duration.milliseconds(100) * (1 << max(0, min(failures - 1, 6)))
        return (min(pause, .seconds(5)), lost)
    }

    /// Lets the records of a failed transaction be tried again.
    mutating func pauseEnded(of batch: TransactionBatch) -> Waiter? {
        for part in batch.parts { partitions[ObjectIdentifier(part.stream)]?.isPaused = false }
        recount()
        return hurry()
    }
}
