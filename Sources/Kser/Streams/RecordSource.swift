/// A transport that delivers records by partition: `KserKafka`'s consumer, or the in-memory one of `KserTesting`.
public protocol RecordSource: Sendable {
    /// The partitions, each as it is assigned.
    var partitions: PartitionSequence { get }

    /// The consumer group, for the headers of dead letters; nil when it is not known.
    var groupID: String? { get }

    /// The topics that are read, as they were asked for; nil when they are not known.
    var subscribedTopics: [String]? { get }

    /// Whether it hands out records whose transaction is open or aborted.
    var readsUncommitted: Bool { get }

    /// Sets who is told of assignments and commits. A worker calls it with its controller's monitor before it begins.
    func report(to monitor: any KserMonitor)

    /// The partitions that are assigned now.
    var assigned: [PartitionStream] { get }

    /// Whether ``pause()`` was called last, and not ``resume()``.
    var isPaused: Bool { get }

    /// Pauses all partitions, those that are assigned later too, until ``resume()``; see ``PartitionStream/pause()``.
    func pause()

    /// Ends ``pause()``. Partitions that are paused by themselves stay so.
    func resume()

    /// Commits what is completed, and returns when the transport has it.
    func commit() async throws

    /// Begins to close: ends every stream, so that their loops end. It returns at once.
    func stop()

    /// Closes: ends every stream, waits within the drain deadline for what is in work, commits what is completed and
    /// leaves the group. Further calls wait for the same end.
    func close() async
}

extension RecordSource {
    /// Nil.
    public var groupID: String? { nil }

    /// Nil.
    public var subscribedTopics: [String]? { nil }

    /// False.
    public var readsUncommitted: Bool { false }

    /// Does nothing.
    public func report(to monitor: any KserMonitor) {}

    /// Pauses some of the partitions that are assigned now; see ``PartitionStream/pause()``. As with Kafka's own clients,
    /// that ends with the assignment: a partition that comes back, here or elsewhere, is not paused.
    ///
    /// - Returns: those that are assigned here; others are passed over.
    @discardableResult
    public func pause(_ partitions: [TopicPartition]) -> [TopicPartition] {
        forEach(partitions) { $0.pause() }
    }

    /// Ends ``pause(_:)`` of some partitions.
    ///
    /// - Returns: those that are assigned here; others are passed over.
    @discardableResult
    public func resume(_ partitions: [TopicPartition]) -> [TopicPartition] {
        forEach(partitions) { $0.resume() }
    }

    private func forEach(_ partitions: [TopicPartition], _ body: (PartitionStream) -> Void) -> [TopicPartition] {
        let wanted = Set(partitions)
        let found = assigned.filter { wanted.contains($0.place) }
        for stream in found { body(stream) }
        return found.map(\.place)
    }
}
