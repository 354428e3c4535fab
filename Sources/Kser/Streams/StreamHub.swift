import Synchronization

/// What a transport feeds and its user iterates: the sequence of partitions, or the merged sequence of all records.
///
/// The first iteration decides which of the two it is and starts the transport; dropping its iterator stops it.
package final class StreamHub: Sendable {
    private enum Mode { case undecided, partitions, merged }

    /// The streams that were made, and whether they are all paused.
    private struct Streams {
        private struct Entry { weak var stream: PartitionStream? }

        private var entries: [Entry] = []
        var isPaused = false

        var assigned: [PartitionStream] { entries.compactMap(\.stream).filter { !$0.isEnded } }

        mutating func add(_ stream: PartitionStream) {
            entries.removeAll { $0.stream?.isEnded ?? true }
            entries.append(Entry(stream: stream))
            if isPaused { stream.hold(.all) }
        }
    }

    private let mode = Mutex(Mode.undecided)
    private let streams = Mutex(Streams())
    private let limits: BufferLimits
    private let budget: BufferBudget
    private let start: @Sendable () -> Void
    private let stop: @Sendable () -> Void
    let arrivals = Mailbox<PartitionStream>()
    let merged = Mailbox<PartitionBatch>()

    /// - Parameters:
    ///   - limits: what each partition may buffer.
    ///   - budget: what all may buffer together.
    ///   - start: called once, by the first iteration.
    ///   - stop: called when that iterator is gone; may be called after the end too.
    package init(
        limits: BufferLimits,
        budget: BufferBudget = BufferBudget(),
        start: @escaping @Sendable () -> Void,
        stop: @escaping @Sendable () -> Void
    ) {
        self.limits = limits
        self.budget = budget
        self.start = start
        self.stop = stop
    }

    /// The stream of a partition that was just assigned; ``announce(_:)`` shows it to who iterates.
    package func makeStream(topic: String, partition: Int32, owner: any PartitionOwner) -> PartitionStream {
        let stream = PartitionStream(
            topic: topic,
            partition: partition,
            limits: limits,
            budget: budget,
            owner: owner,
            merged: isMerged ? merged : nil
        )
        streams.withLock { $0.add(stream) }
        return stream
    }

    /// The streams that have not ended.
    package var assigned: [PartitionStream] { streams.withLock { $0.assigned } }

    /// Whether all partitions are paused, those to come too.
    package var isPaused: Bool { streams.withLock { $0.isPaused } }

    /// Pauses all partitions, those to come too.
    package func pause() {
        streams.withLock { streams in
            streams.isPaused = true
            for stream in streams.assigned { stream.hold(.all) }
        }
    }

    /// Ends ``pause()``.
    package func resume() {
        let assigned = streams.withLock { streams in
            streams.isPaused = false
            return streams.assigned
        }
        for stream in assigned { stream.letGo(.all) }
        // It may have been paused meanwhile.
        if isPaused { pause() }
    }

    /// Shows a partition to who iterates over the partitions; the merged sequence has its records anyway.
    package func announce(_ stream: PartitionStream) {
        if !isMerged { arrivals.offer(stream) }
    }

    /// Whether it is the merged sequence that is iterated.
    package var isMerged: Bool { mode.withLock { $0 == .merged } }

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

    /// Stops the transport. What nobody will read is let go: a batch keeps its stream, and that one the mailbox it is in.
    func iteratorIsGone() {
        arrivals.finish(discarding: true)
        merged.finish(discarding: true)
        stop()
    }
}
