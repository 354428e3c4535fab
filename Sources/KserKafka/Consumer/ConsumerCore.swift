import Foundation
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
        var feeds: [TopicPartition: PartitionFeed] = [:]
        var isAssigned = false
        /// The records are read as one sequence, whose loop completes them.
        var isMerged = false
        /// The merged sequence's loop was left: nobody can complete what it was handed.
        var isAbandoned = false
        var failure: KafkaError?
        var commitRequests: [Promise<Void>] = []
        var closeWaiters: [CheckedContinuation<Void, Never>] = []
    }

    let client: RDKafkaConsumer
    let gate: FetchGate
    let configuration: ConsumerConfiguration
    let topics: [String]
    let state = Mutex(State())
    let clock = ContinuousClock()
    /// The commit that librdkafka has not answered; the thread alone uses it.
    let openCommit = Mutex<RDKafkaCommit?>(nil)
    /// Who is told of assignments and commits.
    let monitor = Mutex<(any KserMonitor)?>(nil)
    private let logger: KserLogger
    private let idle = DispatchSemaphore(value: 0)

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

    var isMerged: Bool {
        get { state.withLock { $0.isMerged } }
        set { state.withLock { $0.isMerged = newValue } }
    }

    func start() {
        let isFirst = state.withLock { state in
            guard state.phase == .idle else { return false }
            state.phase = .running
            return true
        }
        if isFirst { startThread("kser.consumer") { ConsumerLoop(self).run() } }
    }

    /// Begins to close: ends the streams and the sequences; the thread does the rest.
    ///
    /// - Parameter isAbandoned: whether nobody will complete what was handed out.
    func stop(isAbandoned: Bool = false) {
        let (hub, feeds, failure) = state.withLock { state -> (StreamHub?, [PartitionFeed], KafkaError?) in
            if isAbandoned { state.isAbandoned = true }
            switch state.phase {
            case .idle: state.phase = .closed
            case .running: state.phase = .stopping
            case .stopping, .closed: return (nil, [], nil)
            }
            return (state.hub, Array(state.feeds.values), state.failure)
        }
        for feed in feeds { feed.stream.end(throwing: failure) }
        hub?.finish(throwing: failure)
        client.wake()
        idle.signal()
    }

    /// Ends the sequences with an error and begins to close.
    func fail(_ error: KafkaError) {
        log(.error, error.description, error)
        state.withLock { if $0.failure == nil { $0.failure = error } }
        stop()
    }

    /// Waits until the thread has ended. Cancellation does not end the wait: draining, committing and leaving the group
    /// each have their deadline.
    func closed() async {
        await withCheckedContinuation { waiter in
            let isClosed = state.withLock { state in
                if state.phase != .closed { state.closeWaiters.append(waiter) }
                return state.phase == .closed
            }
            if isClosed { waiter.resume() }
        }
    }

    /// Commits what is completed and waits for the broker's answer.
    func commit() async throws {
        let promise = Promise<Void>()
        let isRunning = state.withLock { state in
            guard state.phase == .running else { return false }
            state.commitRequests.append(promise)
            return true
        }
        guard isRunning else { throw KafkaError(.closed, "the consumer is not running") }
        client.wake()
        try await promise.value()
    }

    func partitionHasRoom(_ stream: PartitionStream) { client.wake() }

    func partitionBecameIdle(_ stream: PartitionStream) { idle.signal() }

    func end(of stream: PartitionStream) -> Int64? {
        client.knownEnd(of: TopicPartition(topic: stream.topic, partition: stream.partition))
    }

    /// Waits until nothing is in work in the streams any more.
    ///
    /// - Returns: false when something still is at the end of the drain timeout.
    func drain(_ streams: [PartitionStream]) -> Bool {
        waitWhile(within: configuration.drainTimeout) {
            streams.contains { $0.inFlight > 0 } && !state.withLock { $0.isAbandoned }
        }
    }

    /// Waits until no transaction can commit offsets of released streams any more; those that are open are aborted,
    /// unless they are being committed already.
    ///
    /// - Returns: false when one still can at the end of the answer timeout.
    func awaitTransactions(_ streams: [PartitionStream]) -> Bool {
        waitWhile(within: configuration.answerTimeout) { streams.contains { $0.isInTransaction } }
    }

    private func waitWhile(within timeout: Duration, _ isBusy: () -> Bool) -> Bool {
        let deadline = clock.now + timeout
        while isBusy() {
            let left = clock.now.duration(to: deadline)
            if left <= .zero { return false }
            _ = idle.wait(timeout: .now() + .milliseconds(Int(left.wholeMilliseconds) + 1))
        }
        return true
    }

    func log(_ level: LogLevel, _ text: @autoclosure () -> String, _ error: KafkaError? = nil) {
        logger.log(level) {
            var metadata = ["group": configuration.groupID]
            if let topic = error?.topic { metadata["topic"] = topic }
            if let partition = error?.partition { metadata["partition"] = "\(partition)" }
            return LogRecord(level, logger: "kser.kafka", text(), metadata: metadata)
        }
    }
}

extension ConsumerCore: RebalanceHandler {
    func rebalance(_ change: Rebalance) {
        switch change {
        case .assign(let places): assign(places)
        case .revoke(let places, let isLost): revoke(places, isLost: isLost)
        }
    }

    private func assign(_ places: [TopicPartition]) {
        log(.info, "Assigned: \(Self.list(places))")
        report(.assigned, places)
        let hub = state.withLock { state in
            state.isAssigned = true
            return state.hub
        }
        guard let hub else { return }
        // Records fetched meanwhile may have raised no signal: look at all queues after the poll.
        defer { client.wake() }
        let others = state.withLock { Array($0.feeds.values) }
        var feeds: [PartitionFeed] = []
        for place in places {
            guard let queue = client.makeQueue(for: place) else {
                fail(KafkaError(.configuration, "librdkafka made no queue for \(place)"))
                return
            }
            let stream = hub.makeStream(topic: place.topic, partition: place.partition, owner: self)
            let feed = PartitionFeed(place, queue, stream)
            state.withLock { $0.feeds[place] = feed }
            feeds.append(feed)
            hub.announce(stream)
        }
        gate.admit(feeds, beside: others)
    }

    private func revoke(_ places: [TopicPartition], isLost: Bool) {
        let feeds = state.withLock { state in places.compactMap { state.feeds.removeValue(forKey: $0) } }
        for feed in feeds { feed.end() }
        gate.dismiss(feeds)
        log(isLost ? .warning : .info, "\(isLost ? "Lost" : "Revoked"): \(Self.list(places))")
        report(isLost ? .lost : .revoked, places)
        give(up: feeds, isLost: isLost)
    }

    /// Waits for what is in work in streams that ended, and commits it.
    func give(up feeds: [PartitionFeed], isLost: Bool) {
        // Lost partitions belong to others already: waiting would help nobody, committing could go back.
        if isLost {
            for feed in feeds { feed.stream.release() }
            return
        }
        if !drain(feeds.map(\.stream)) {
            log(.warning, "Records are still in work after drainTimeout; they will be delivered again")
        }
        for feed in feeds { feed.stream.release() }
        if !awaitTransactions(feeds.map(\.stream)) {
            log(.warning, "A transaction is still open; the group refuses its offsets, or waits for it")
        }
        commitAndWait(feeds + state.withLock { Array($0.feeds.values) })
    }

    private func report(_ change: AssignmentChange, _ places: [TopicPartition]) {
        monitor.withLock { $0 }?.assignmentChanged(change, partitions: places.count)
    }

    private static func list(_ places: [TopicPartition]) -> String {
        if places.isEmpty { return "no partition" }
        return places.map(\.description).sorted().joined(separator: ", ")
    }
}
