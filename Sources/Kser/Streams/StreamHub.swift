import Synchronization

/// What a transport feeds and its user iterates: the sequence of partitions, or the merged sequence of all records.
///
/// The first iteration decides which of the two it is and starts the transport; dropping its iterator stops it.
package final class StreamHub: Sendable {
    private enum Mode { case undecided, partitions, merged }

    private let mode = Mutex(Mode.undecided)
    private let limits: BufferLimits
    private let start: @Sendable () -> Void
    private let stop: @Sendable () -> Void
    let arrivals = Mailbox<PartitionStream>()
    let merged = Mailbox<PartitionBatch>()

    /// - Parameters:
    ///   - limits: what each partition may buffer.
    ///   - start: called once, by the first iteration.
    ///   - stop: called when that iterator is gone; may be called after the end too.
    package init(
        limits: BufferLimits,
        start: @escaping @Sendable () -> Void,
        stop: @escaping @Sendable () -> Void
    ) {
        self.limits = limits
        self.start = start
        self.stop = stop
    }

    /// The stream of a partition that was just assigned; ``announce(_:)`` shows it to who iterates.
    package func makeStream(topic: String, partition: Int32, owner: any PartitionOwner) -> PartitionStream {
        PartitionStream(
            topic: topic,
            partition: partition,
            limits: limits,
            owner: owner,
            merged: isMerged ? merged : nil
        )
    }

    /// Shows a partition to who iterates over the partitions; the merged sequence has its records anyway.
    package func announce(_ stream: PartitionStream) {
        if !isMerged { arrivals.offer(stream) }
    }

    private var isMerged: Bool { mode.withLock { $0 == .merged } }

    /// Ends the sequences, after what was offered so far.
    package func finish(throwing error: (any Error)? = nil) {
        arrivals.finish(throwing: error)
        merged.finish(throwing: error)
    }

    func beginPartitions() -> Bool { begin(.partitions) }
    func beginMerged() -> Bool { begin(.merged) }

    private func begin(_ wanted: Mode) -> Bool {
        let isFirst = mode.withLock { mode in
            guard mode == .undecided else { return false }
            mode = wanted
            return true
        }
        if isFirst { start() }
        return isFirst
    }

    func iteratorIsGone() { stop() }
}
