import Kser
import Synchronization

/// A partition that is assigned: where its records come from and where they go.
final class PartitionFeed: Sendable {
    let place: TopicPartition
    let stream: PartitionStream
    private let queue: RDKafkaSignalledQueue
    /// Whether reading stopped because the stream was full.
    private let isBlocked = Atomic(false)

    init(_ place: TopicPartition, _ queue: RDKafkaSignalledQueue, _ stream: PartitionStream) {
        self.place = place
        self.queue = queue
        self.stream = stream
    }

    /// Moves what is fetched into the stream until the queue is empty, the stream full or enough is moved.
    ///
    /// - Returns: what was moved; nil when there was nothing to do.
    func move(_ batch: RDKafkaBatch) -> Moved? {
        // Both are taken: a signal must not be lost to a stream that had room just now.
        let hasRoom = isBlocked.load(ordering: .relaxed) && !stream.isFull
        guard queue.takeSignal() || hasRoom else { return nil }
        if stream.isFull {
            block()
            return nil
        }
        isBlocked.store(false, ordering: .relaxed)
        var moved = Moved()
        for _ in 0..<4 {
            let content = batch.read(queue.queue)
            moved.records += content.records.count
            moved.bytes += content.bytes
            moved.errors += content.errors
            if stream.offer(content.records) == .pause {
                block()
                return moved
            }
            // Fewer than asked for may also mean that some were outdated.
            if content.count == 0 { return moved }
        }
        queue.putSignalBack()
        moved.isMore = true
        return moved
    }

    /// Reads no more and ends the stream. The partition may come back within the same poll, before this object goes.
    func end(throwing error: KafkaError? = nil) {
        queue.stop()
        stream.end(throwing: error)
    }

    private func block() { isBlocked.store(true, ordering: .relaxed) }

    struct Moved {
        var records = 0
        var bytes = 0
        var errors: [KafkaError] = []
        /// Whether the queue may hold more.
        var isMore = false
    }
}
