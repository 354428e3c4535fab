/// A transport that delivers records by partition: `KserKafka`'s consumer, or the in-memory one of `KserTesting`.
public protocol RecordSource: Sendable {
    /// The partitions, each as it is assigned.
    var partitions: PartitionSequence { get }

    /// The consumer group, for the headers of dead letters; nil when it is not known.
    var groupID: String? { get }

    /// The topics that are read, as they were asked for; nil when they are not known.
    var subscribedTopics: [String]? { get }

    /// Sets who is told of assignments and commits. A worker calls it with its controller's monitor before it begins.
    func report(to monitor: any KserMonitor)

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

    /// Does nothing.
    public func report(to monitor: any KserMonitor) {}
}
