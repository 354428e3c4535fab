import Synchronization

/// How far the work on an assigned partition is, at one moment.
public struct PartitionStatistics: Sendable, Hashable {
    /// The topic.
    public var topic: String
    /// The partition's number.
    public var partition: Int32
    /// Records that were handed out and are neither done nor given up.
    public var inFlight: Int
    /// Records that are done and wait for an earlier one, so that their offsets cannot be committed.
    public var doneAboveGap: Int
    /// Records from the lowest one that is not done to the last one handed out.
    public var incomplete: Int
    /// Records that were read and wait to be handed out.
    public var buffered: Int
    /// The offset that may be committed: that of the lowest record that is not done. Nil before the first record.
    public var position: Int64?
    /// The offset that was committed last or is on its way, or where reading began; nil before the first record.
    public var committed: Int64?
    /// The offset that the partition's next record will have, as far as the brokers told; nil before they did.
    public var end: Int64?
    /// How long ago the oldest record that is not done was handed out; nil when none is in work. Records are handed out in
    /// batches, so that of `.partition` concurrency may have waited for others of its batch.
    public var oldestAge: Duration?
    /// Whether the partition or its consumer is paused.
    public var isPaused: Bool
    /// Whether reading stopped because the buffer is full.
    public var isFull: Bool

    /// How many offsets are not done; nil when it is not known.
    public var lag: Int64? {
        guard let end else { return nil }
        // Nothing was handed out: what there is has been read before, or waits in the buffer.
        guard let position else { return Int64(buffered) }
        // The partition went back, or its end is not known as far as it is read.
        return end < position ? nil : end - position
    }
}

/// What a worker does, at one moment.
public struct WorkerStatistics: Sendable, Hashable {
    /// The partitions that the worker has, by topic and number.
    public var partitions: [PartitionStatistics]
    /// How many duplicates were passed over so far; see ``DeduplicationWindow``.
    public var duplicates: Int
}

extension PartitionStream {
    /// How far the work is.
    public var statistics: PartitionStatistics {
        let (now, end) = (clock(), owner.end(of: self))
        return state.withLock { state in
            PartitionStatistics(
                topic: topic,
                partition: partition,
                inFlight: state.ledger.inFlight,
                doneAboveGap: state.ledger.doneAboveGap,
                incomplete: state.ledger.incomplete,
                buffered: state.bufferedRecords,
                position: state.ledger.committable,
                committed: state.isTransactional ? state.ledger.committable : state.committed,
                end: state.end ?? end,
                oldestAge: state.ledger.oldestStart.map { $0.duration(to: now) },
                isPaused: isPaused,
                isFull: state.isFull
            )
        }
    }
}

extension Worker {
    /// What the worker does right now. Reading it costs a lock for each partition.
    public var statistics: WorkerStatistics {
        WorkerStatistics(
            partitions: consumer.assigned.map(\.statistics).sorted {
                ($0.topic, $0.partition) < ($1.topic, $1.partition)
            },
            duplicates: deduplicator?.passedOver.load(ordering: .relaxed) ?? 0
        )
    }
}
