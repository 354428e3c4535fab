/// Records of one partition, and their places.
struct TransactionPart: Sendable {
    let stream: PartitionStream
    let room: Permits
    var entries: [TransactionBacklog.Entry]

    /// Completes the records: they are committed.
    func complete(_ monitor: (any KserMonitor)?) {
        for entry in entries {
            stream.complete(entry.record)
            room.giveBack(entry.record.footprint)
            entry.settlement?.report(to: monitor)
        }
    }

    /// Gives the records up: they will be delivered again. Those that are in work are only let go of: who works on them
    /// gives them up at the end, and until then their partition waits for them.
    func abandon() {
        for entry in entries {
            if entry.settlement != nil { stream.abandon(entry.record) }
            room.giveBack(entry.record.footprint)
        }
    }
}

/// What one transaction takes, a part of each partition at most.
struct TransactionBatch: Sendable {
    var parts: [TransactionPart] = []

    /// How many messages it takes.
    var count: Int { parts.reduce(0) { $0 + $1.entries.count } }

    /// What is to be sent.
    var records: [ProducerRecord] { parts.flatMap { part in part.entries.flatMap { $0.settlement?.records ?? [] } } }

    /// The settlement of the only message; nil when there are more.
    var only: Settlement? {
        get { count == 1 ? parts.first?.entries.first?.settlement : nil }
        set { parts[0].entries[0].settlement = newValue }
    }

    /// Makes complete what was changed since it was settled.
    mutating func complete() async throws(Settlement.Failure) {
        for part in parts.indices {
            for entry in parts[part].entries.indices { try await parts[part].entries[entry].settlement?.complete() }
        }
    }

    /// How far the partitions are done with it.
    var progress: [PartitionProgress] {
        parts.compactMap { part in
            if let last = part.entries.last { return PartitionProgress(part.stream, after: last.record) }
            return part.stream.idleOffset.map { PartitionProgress(part.stream, offset: $0) }
        }
    }
}
