import Kser
import Synchronization

/// A partition that is assigned: where its records come from and where they go.
final class PartitionFeed: Sendable {
    private struct State {
        var passage = FetchGate.Passage.asked(.now)
        var isBlocked = false
        var hasRead = false
        /// The stream that is fed.
        var stream: PartitionStream
        /// Streams before it that may have work: their offsets went back.
        var past: [PartitionStream] = []
    }

    let place: TopicPartition
    private let makeStream: @Sendable () -> PartitionStream?
    private let queue: RDKafkaSignalledQueue
    private let state: Mutex<State>

    /// - Parameters:
    ///   - place: the partition.
    ///   - queue: what is fetched.
    ///   - stream: where it goes.
    ///   - makeStream: makes and shows a further stream; nil when nobody reads any more.
    init(
        _ place: TopicPartition,
        _ queue: RDKafkaSignalledQueue,
        _ stream: PartitionStream,
        makeStream: @escaping @Sendable () -> PartitionStream?
    ) {
        self.place = place
        self.queue = queue
        self.makeStream = makeStream
        state = Mutex(State(stream: stream))
    }

    /// The stream that is fed.
    var stream: PartitionStream { state.withLock { $0.stream } }

    /// All streams that may have work.
    var all: [PartitionStream] { state.withLock { $0.past + [$0.stream] } }

    /// Whether reading stopped because the stream was full.
    var isBlocked: Bool { state.withLock { $0.isBlocked } }

    /// Whether something was read since the passage was set, be it the end.
    var hasRead: Bool { state.withLock { $0.hasRead } }

    /// How the fetching stands.
    var passage: FetchGate.Passage {
        get { state.withLock { $0.passage } }
        set {
            state.withLock { state in
                state.passage = newValue
                state.hasRead = false
            }
        }
    }

    /// Moves what is fetched into the stream until the queue is empty, the stream full or enough is moved.
    ///
    /// - Returns: what was moved; nil when there was nothing to do.
    func move(_ batch: RDKafkaBatch) -> Moved? {
        // Both are taken: a signal must not be lost to a stream that had room just now.
        let hasRoom = isBlocked && !stream.isFull
        guard queue.takeSignal() || hasRoom else { return nil }
        var moved = Moved()
        var isBlocked = false
        defer {
            state.withLock { state in
                state.isBlocked = isBlocked
                if moved.records > 0 || moved.isAtEnd { state.hasRead = true }
            }
        }
        for _ in 0..<4 {
            let room = stream.room
            if room == 0 {
                isBlocked = true
                return moved
            }
            let content = batch.read(queue.queue, atMost: room)
            moved.records += content.records.count
            moved.bytes += content.bytes
            moved.errors += content.errors
            let pressure = offer(content.records)
            if let end = content.end { stream.reachedEnd(at: end) }
            moved.isAtEnd = content.end != nil
            if pressure == .pause {
                isBlocked = true
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

    /// Offers records. When their offsets go back, since the topic was created anew or its log cut, what is known of the
    /// offsets so far says nothing of those to come: a new stream takes them.
    private func offer(_ records: [Record]) -> PartitionStream.Pressure {
        let pressure = stream.offer(records)
        guard case .wentBack(let index) = pressure else { return pressure }
        stream.supersede()
        guard let next = makeStream() else { return .none }
        state.withLock { state in
            state.past = state.past.filter { $0.inFlight > 0 } + [state.stream]
            state.stream = next
        }
        return offer(Array(records[index...]))
    }

    struct Moved {
        var records = 0
        var bytes = 0
        var errors: [KafkaError] = []
        /// Whether the queue may hold more.
        var isMore = false
        /// Whether the partition held no more when it was fetched last.
        var isAtEnd = false
    }
}
