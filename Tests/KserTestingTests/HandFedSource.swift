import Kser
import Synchronization

/// A source whose test assigns partitions, offers records, revokes and refuses commits, as a broker would.
final class HandFedSource: RecordSource {
    private struct State {
        var streams: [PartitionStream] = []
        var committed: [Int64] = []
        var failures: [any Error] = []
        var lost: PartitionStream?
    }

    private let hub = StreamHub(limits: BufferLimits(records: 100_000, bytes: .max), start: {}, stop: {})
    private let owner = Owner()
    private let state = Mutex(State())

    var partitions: PartitionSequence { PartitionSequence(hub) }
    var assigned: [PartitionStream] { hub.assigned }
    var isPaused: Bool { hub.isPaused }

    /// The offsets that were committed, in order.
    var committed: [Int64] { state.withLock { $0.committed } }

    func pause() { hub.pause() }
    func resume() { hub.resume() }

    /// Assigns a partition of the topic `jobs`.
    func assign(_ partition: Int32 = 0) -> PartitionStream {
        let stream = hub.makeStream(topic: "jobs", partition: partition, owner: owner)
        state.withLock { $0.streams.append(stream) }
        hub.announce(stream)
        return stream
    }

    /// Offers messages for an entrypoint, the first at an offset, each with its key.
    func offer(_ keys: [String?], to entrypoint: String, from first: Int64 = 0, in stream: PartitionStream) throws {
        let codec = JSONMessageCodec()
        let records = try keys.enumerated().map { index, key in
            Record(
                topic: stream.topic,
                partition: stream.partition,
                offset: first + Int64(index),
                key: key.map { Array($0.utf8) },
                value: try codec.encode(Message(uuid: "\(first + Int64(index))", entrypoint: entrypoint))
            )
        }
        _ = stream.offer(records)
    }

    /// Has the next commits fail.
    func refuseCommits(_ errors: [any Error]) { state.withLock { $0.failures += errors } }

    /// Has a partition be lost while the next commit is on its way, which then passes it over.
    func lose(_ stream: PartitionStream) { state.withLock { $0.lost = stream } }

    func commit() async throws {
        let lost = state.withLock { state in
            defer { state.lost = nil }
            state.streams.removeAll { $0 === state.lost }
            return state.lost
        }
        lost?.end()
        try state.withLock { state in
            for stream in state.streams {
                guard let offset = stream.takeCommittable() else { continue }
                if !state.failures.isEmpty {
                    stream.commitFailed()
                    throw state.failures.removeFirst()
                }
                state.committed.append(offset)
            }
        }
    }

    func stop() {
        for stream in state.withLock({ $0.streams }) { stream.end() }
        hub.finish()
    }

    func close() async {
        stop()
        for stream in state.withLock({ $0.streams }) { stream.release() }
    }
}

private final class Owner: PartitionOwner {
    func partitionHasRoom(_ stream: PartitionStream) {}
    func partitionBecameIdle(_ stream: PartitionStream) {}
}
