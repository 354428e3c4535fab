import Kser
import Synchronization

/// What a ``Consumer`` is made of: the client, the partitions assigned to it, and the thread that polls. The thread keeps
/// the core alive from the first iteration until the consumer is closed.
final class ConsumerCore: PartitionOwner {
    enum Phase {
        case idle
        case running
        case stopping
        case closed
    }

    struct State {
        var phase = Phase.idle
        weak var hub: StreamHub?
        /// The partitions that are assigned, those too whose last work is waited for.
        var feeds: [TopicPartition: PartitionFeed] = [:]
        var isAssigned = false
        /// The merged sequence's loop was left: nobody can complete what it was handed.
        var isAbandoned = false
        var failure: KafkaError?
        var commitRequests: [Promise<Void>] = []
    }

    let client: RDKafkaConsumer
    let gate: FetchGate
    let configuration: ConsumerConfiguration
    let topics: [String]
    let state = Mutex(State())
    /// Kept when the thread has ended.
    let closing = Promise<Void>()
    let clock = ContinuousClock()
    /// Who is told of assignments and commits.
    let monitor = Mutex<(any KserMonitor)?>(nil)
    private let logger: KserLogger

    init(_ configuration: ConsumerConfiguration, topics: [String], logger: KserLogger) throws(KafkaError) {
        self.configuration = configuration
        self.topics = topics
        self.logger = logger
        client = try RDKafkaConsumer(configuration, logger: logger)
        gate = FetchGate(client, configuration)
    }

    // The hub owns the core through its closures, not the other way round.
    func attach(_ hub: StreamHub) { state.withLock { $0.hub = hub } }

    func report(to monitor: any KserMonitor) { self.monitor.withLock { $0 = monitor } }

    /// Whether the consumer is to go on: it was not stopped, and somebody iterates.
    var isWanted: Bool {
        // The hub must not be released under the lock: its end stops the core.
        let (phase, hub) = state.withLock { ($0.phase, $0.hub) }
        return phase == .running && hub != nil
    }

    /// The partitions that are assigned, those too whose last work is waited for.
    var feeds: [PartitionFeed] { state.withLock { Array($0.feeds.values) } }

    func start() {
        do throws(KafkaError) {
            try state.withLock { state throws(KafkaError) in
                guard state.phase == .idle else { return }
                try startThread("kser.consumer") { ConsumerLoop(self).run() }
                state.phase = .running
            }
        } catch {
            fail(error)
        }
    }

    /// Begins to close, since the iterator is gone: the merged sequence's completed what it handed out, and nobody will now.
    func iteratorIsGone() {
        let hub = state.withLock { $0.hub }
        if hub?.isMerged == true { state.withLock { $0.isAbandoned = true } }
        stop()
    }

    /// Begins to close: ends the streams and the sequences; the thread does the rest.
    func stop() {
        let (hub, feeds, failure) = state.withLock { state -> (StreamHub?, [PartitionFeed], KafkaError?) in
            switch state.phase {
            case .idle:
                state.phase = .closed
                closing.keep()
            case .running: state.phase = .stopping
            case .stopping, .closed: return (nil, [], nil)
            }
            return (state.hub, Array(state.feeds.values), state.failure)
        }
        for feed in feeds { feed.stream.end(throwing: failure) }
        hub?.finish(throwing: failure)
        client.wake()
    }

    /// Ends the sequences with an error and begins to close.
    func fail(_ error: KafkaError) {
        log(.error, error.description, error)
        state.withLock { if $0.failure == nil { $0.failure = error } }
        stop()
    }

    /// Commits what is completed and waits for the broker's answer.
    func commit() async throws {
        let promise = Promise<Void>()
        let isRunning = state.withLock { state in
            guard state.phase == .running || state.phase == .stopping else { return false }
            state.commitRequests.append(promise)
            return true
        }
        guard isRunning else { throw KafkaError(.closed, "the consumer is not running") }
        client.wake()
        try await promise.value()
    }

    func partitionHasRoom(_ stream: PartitionStream) { client.wake() }

    func partitionBecameIdle(_ stream: PartitionStream) { client.wake() }

    func end(of stream: PartitionStream) -> Int64? { client.knownEnd(of: stream.place) }

    func log(_ level: LogLevel, _ text: @autoclosure () -> String, _ error: KafkaError? = nil) {
        logger.log(level) {
            var metadata = ["group": configuration.groupID]
            if let topic = error?.topic { metadata["topic"] = topic }
            if let partition = error?.partition { metadata["partition"] = "\(partition)" }
            return LogRecord(level, logger: "kser.kafka", text(), metadata: metadata)
        }
    }
}
