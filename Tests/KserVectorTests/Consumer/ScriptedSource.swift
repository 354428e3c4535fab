import Kser
import Synchronization

/// A source of one partition that gives what a case's client gives, each time the worker waits for a record.
final class ScriptedSource: RecordSource {
    private let stage: ConsumerStage
    private let hub: StreamHub
    private let stream: PartitionStream
    private let offset = Mutex<Int64>(0)

    init(_ stage: ConsumerStage) {
        self.stage = stage
        let owner = Owner()
        let hub = StreamHub(
            limits: BufferLimits(records: 1_000, bytes: .max),
            start: { owner.announce() },
            stop: {}
        )
        self.hub = hub
        stream = hub.makeStream(topic: stage.script.topics.first?.string ?? "t", partition: 0, owner: owner)
        stage.note("client", .object(stage.script.config))
        let stream = stream
        owner.onStart { [weak hub] in
            stage.note("subscribe", .array(stage.script.topics))
            hub?.announce(stream)
        }
    }

    var partitions: PartitionSequence { PartitionSequence(hub) }
    var assigned: [PartitionStream] { hub.assigned }
    var isPaused: Bool { hub.isPaused }

    func pause() { hub.pause() }
    func resume() { hub.resume() }

    /// Polls until there is a record, and hands it over.
    func workerIsIdle() {
        while stage.end == nil {
            guard let polled = stage.poll() else { return stop() }
            guard case .record(let value, _) = polled else { continue }
            let offset = offset.withLock { offset in
                defer { offset += 1 }
                return offset
            }
            _ = stream.offer([Record(topic: stream.topic, offset: offset, value: value)])
            return
        }
        stop()
    }

    func commit() async throws {
        stage.note("commit", true)
        _ = stream.takeCommittable()
    }

    func stop() {
        stream.end()
        hub.finish()
    }

    func close() async {
        stage.note("close", stage.script.driver == .kafkaPython ? ["autocommit": false] : [:])
        stage.end(.closed)
        stop()
    }
}

/// Tells the source that its iteration began; the partition needs no other care.
private final class Owner: PartitionOwner {
    private let start = Mutex<(@Sendable () -> Void)?>(nil)

    func onStart(_ start: @escaping @Sendable () -> Void) { self.start.withLock { $0 = start } }
    func announce() { start.withLock { $0 }?() }
    func partitionHasRoom(_ stream: PartitionStream) {}
    func partitionBecameIdle(_ stream: PartitionStream) {}
}
