public import Kser
import Synchronization

/// A consumer of an ``InMemoryBroker``. It shares its topics' partitions with the other consumers of its group, and hands
/// them over when one comes or goes.
public final class InMemoryConsumer: RecordSource {
    let topics: [String]
    let group: String
    let drainTimeout: Duration
    let hub: StreamHub
    private let broker: InMemoryBroker
    private let closing = Promise<Void>()

    init(broker: InMemoryBroker, topics: [String], group: String, buffer: Int, drainTimeout: Duration) {
        self.broker = broker
        self.topics = topics
        self.group = group
        self.drainTimeout = drainTimeout
        let member = Weak()
        hub = StreamHub(
            limits: BufferLimits(records: buffer, bytes: .max),
            start: { member.consumer.map { broker.join($0) } },
            stop: { member.consumer?.stop() }
        )
        member.set(self)
    }

    /// The partitions, each as it is assigned.
    public var partitions: PartitionSequence { PartitionSequence(hub) }

    /// The group that the consumer shares its topics' partitions with.
    public var groupID: String? { group }

    /// The topics that are read.
    public var subscribedTopics: [String]? { topics }

    /// The partitions that are assigned now.
    public var assigned: [PartitionStream] { hub.assigned }

    /// Whether all partitions are paused.
    public var isPaused: Bool { hub.isPaused }

    /// Pauses all partitions, those that are assigned later too, until ``resume()``: no records are handed out, work that
    /// was begun goes on, what is completed is committed, and the consumer stays a member of its group.
    public func pause() { hub.pause() }

    /// Ends ``pause()``. Partitions that are paused by themselves stay so.
    public func resume() { hub.resume() }

    /// Commits what is completed.
    ///
    /// - Throws: what ``InMemoryBroker/refuseCommits(_:of:with:)`` says.
    public func commit() async throws { try broker.commit(self) }

    /// Takes all partitions away without a warning, as Kafka does with a member that it heard nothing of: what is in work
    /// is not waited for, and what is completed is not committed. The group's members get them anew, this one too.
    public func losePartitions() { broker.lose(self) }

    /// Leaves the group without waiting.
    public func stop() { broker.leave(self) }

    /// Leaves the group, and returns when nothing is in work any more, or the drain deadline is over, and what is
    /// completed is committed.
    public func close() async {
        stop()
        await closing.settled()
    }

    func isOf(_ other: InMemoryBroker) -> Bool { broker === other }

    func closed() {
        hub.finish()
        closing.keep()
    }
}

extension InMemoryConsumer: AsyncSequence {
    /// Iterates over the records of all partitions.
    public func makeAsyncIterator() -> RecordSequence.AsyncIterator { RecordSequence(hub).makeAsyncIterator() }
}

extension InMemoryConsumer: PartitionOwner {
    package func partitionHasRoom(_ stream: PartitionStream) {
        broker.state.withLock { $0.setPaused(false, stream) }
        broker.feed()
    }

    package func partitionBecameIdle(_ stream: PartitionStream) {
        if stream.inFlight == 0, !stream.isInTransaction { broker.release(stream, of: self) }
    }

    package func end(of stream: PartitionStream) -> Int64? {
        broker.state.withLock { ($0.topics[stream.topic]?[Int(stream.partition)].count).map(Int64.init) }
    }
}

/// A consumer that its own hub may call without keeping it alive.
private final class Weak: Sendable {
    private struct Box: Sendable { weak var consumer: InMemoryConsumer? }
    private let box = Mutex(Box())

    var consumer: InMemoryConsumer? { box.withLock { $0.consumer } }
    func set(_ consumer: InMemoryConsumer) { box.withLock { $0.consumer = consumer } }
}
