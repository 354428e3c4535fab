public import Kser

/// Reads the records of topics as one of a group, at least once each.
///
///     let consumer = try Consumer(configuration, topics: ["dice"])
///     for try await record in consumer { … }           // asking for the next record completes the last one
///
/// or partition by partition, side by side:
///
///     for try await partition in consumer.partitions {  // appears on assignment
///         group.addTask {
///             for try await record in partition {       // ends on revocation
///                 …
///                 partition.complete(record)
///             }
///         }
///     }
///
/// The first iteration joins the group; leaving the loop, cancelling its task or releasing the consumer and its
/// sequences leaves it. Offsets of completed records are committed each ``ConsumerConfiguration/commitInterval``, when a
/// partition is revoked and at the end. Records that were not completed are delivered again, to whoever gets the
/// partition.
///
/// - Throws: The sequences end with a ``KafkaError`` when the first assignment does not come within
///   ``ConsumerConfiguration/connectTimeout`` because no broker answers, refuses the credentials or has no such topic, or
///   when the group refuses the consumer, or when a topic is deleted. Brokers that fail later are waited for.
public final class Consumer: RecordSource, AsyncSequence {
    /// Iterates over records.
    public typealias AsyncIterator = RecordSequence.AsyncIterator

    private let core: ConsumerCore
    private let hub: StreamHub

    /// Makes a consumer. It joins the group when it is iterated.
    ///
    /// - Parameters:
    ///   - configuration: the settings.
    ///   - topics: the topics to read; a name that begins with `^` is a regular expression.
    ///   - logger: takes librdkafka's lines and those about assignments, as `kser.kafka`.
    /// - Throws: ``KafkaError`` that names the setting that is missing or refused.
    public init(_ configuration: ConsumerConfiguration, topics: [String], logger: KserLogger = .none) throws {
        if configuration.groupID.isEmpty { throw KafkaError(.configuration, "setting groupID: it is empty") }
        if topics.isEmpty { throw KafkaError(.configuration, "topics: there is none to consume") }
        for topic in topics where !topic.hasPrefix("^") { try TopicName.check(topic) }
        // librdkafka refuses a topic that is there twice.
        var known: Set<String> = []
        let topics = topics.filter { known.insert($0).inserted }
        let core = try ConsumerCore(configuration, topics: topics, logger: logger)
        var limits = BufferLimits(records: configuration.highWater.messages, bytes: configuration.highWater.bytes)
        limits.lowRecords = configuration.lowWater.messages
        limits.lowBytes = configuration.lowWater.bytes
        let lifetime = Lifetime(core)
        hub = StreamHub(
            limits: limits,
            budget: BufferBudget(records: configuration.budget.messages / 2, bytes: configuration.budget.bytes / 2),
            start: { lifetime.core.start() },
            stop: { lifetime.core.iteratorIsGone() }
        )
        core.attach(hub)
        self.core = core
    }

    /// Stops the core when neither the consumer nor one of its sequences is there any more.
    private final class Lifetime: Sendable {
        let core: ConsumerCore
        init(_ core: ConsumerCore) { self.core = core }
        deinit { core.stop() }
    }

    /// The partitions, each as it is assigned.
    public var partitions: PartitionSequence { PartitionSequence(hub) }

    /// The group that the consumer shares its topics' partitions with.
    public var groupID: String? { core.configuration.groupID }

    /// The topics that are read, as they were given, each once.
    public var subscribedTopics: [String]? { core.topics }

    /// Whether it hands out records whose transaction is open or aborted, by ``ConsumerConfiguration/isolation``.
    public var readsUncommitted: Bool { core.configuration.readsUncommitted }

    /// Sets who is told of assignments and commits; call it before the first iteration.
    public func report(to monitor: any KserMonitor) { core.report(to: monitor) }

    /// The partitions that are assigned now.
    public var assigned: [PartitionStream] { hub.assigned }

    /// Whether all partitions are paused.
    public var isPaused: Bool { hub.isPaused }

    /// Pauses all partitions, those that are assigned later too, until ``resume()``: no records are handed out, work that
    /// was begun goes on, what is completed is committed, and the consumer stays a member of its group.
    public func pause() { hub.pause() }

    /// Ends ``pause()``. Partitions that are paused by themselves stay so.
    public func resume() { hub.resume() }

    /// The iterator over the records of all partitions; the consumer has one iterator in all.
    public func makeAsyncIterator() -> RecordSequence.AsyncIterator { RecordSequence(hub).makeAsyncIterator() }

    /// Commits what is completed, and returns when the broker has it.
    ///
    /// - Throws: ``KafkaError`` when the broker refused, or the consumer is not running; `CancellationError`.
    public func commit() async throws { try await core.commit() }

    /// Begins to close: ends every stream, so that their loops end. It returns at once.
    public func stop() { core.stop() }

    /// Closes: ends every stream, waits within ``ConsumerConfiguration/drainTimeout`` for what is in work, commits what is
    /// completed and leaves the group. It may be called again. It waits for the end even when the task is cancelled.
    public func close() async {
        core.stop()
        // Draining, committing and leaving the group each have their deadline.
        await core.closing.settled()
    }
}
