import Kser
import Synchronization

/// What the poll thread does, from the subscription until the consumer is closed.
final class ConsumerLoop {
    private let core: ConsumerCore
    private let batch = RDKafkaBatch()
    private var nextCommit: ContinuousClock.Instant
    private var nextProbe: ContinuousClock.Instant
    private var movedRecords = 0
    private var movedBytes = 0
    /// Whether partitions wait for others to be fetched first.
    private var isGateWaiting = false
    private var unknownTopic: KafkaError?

    init(_ core: ConsumerCore) {
        self.core = core
        nextCommit = core.clock.now + core.configuration.commitInterval
        nextProbe = core.clock.now + core.configuration.connectTimeout - Self.probeTime(core.configuration)
    }

    func run() {
        core.client.setHandler(core)
        do {
            try core.client.subscribe(core.topics)
        } catch {
            core.fail(error)
        }
        while let work = nextWork() {
            commit(work)
            let isMore = move(work.feeds)
            if let error = core.client.poll(timeout: isMore ? 0 : waitingTime()) { report(error) }
            if let error = core.client.fatalFailure { core.fail(error) }
            probe()
        }
        close()
    }

    private struct Work {
        var feeds: [PartitionFeed]
        // Nobody iterates any more when it is gone. It must not be released under the lock: its end stops the core.
        var hub: StreamHub?
    }

    /// What there is to do; nil when the consumer is to close.
    private func nextWork() -> Work? {
        let work = core.state.withLock { state -> Work? in
            guard state.phase == .running else { return nil }
            return Work(feeds: Array(state.feeds.values), hub: state.hub)
        }
        return work?.hub == nil ? nil : work
    }

    // MARK: Reading

    private func move(_ feeds: [PartitionFeed]) -> Bool {
        var isMore = false
        for feed in feeds {
            guard let moved = feed.move(batch) else { continue }
            isMore = isMore || moved.isMore
            movedRecords += moved.records
            movedBytes += moved.bytes
            for error in moved.errors { report(error) }
        }
        let (hasResumed, isWaiting) = core.gate.regulate(feeds)
        isGateWaiting = isWaiting
        wakeFetchers(isUrgent: hasResumed)
        return isMore
    }

    /// After each half of what librdkafka keeps ready, at the latest, it has to look for more.
    private func wakeFetchers(isUrgent: Bool) {
        let configuration = core.configuration
        guard
            isUrgent || movedRecords >= configuration.queuedMinMessages / 2
                || movedBytes >= configuration.queuedMaxBytes / 2
        else { return }
        movedRecords = 0
        movedBytes = 0
        core.client.wakeFetchers()
    }

    // MARK: Committing

    private func commit(_ work: Work) {
        core.takeCommitAnswers()
        let now = core.clock.now
        guard now >= nextCommit || core.isCommitAsked else { return }
        nextCommit = now + core.configuration.commitInterval
        core.commit(work.feeds)
    }

    /// How long nothing needs to be done unless something happens, in milliseconds.
    private func waitingTime() -> Int32 {
        let now = core.clock.now
        var next = min(nextCommit, now + core.configuration.maxPollInterval / 4)
        if isGateWaiting { next = min(next, now + .milliseconds(10)) }
        if unknownTopic != nil || !core.state.withLock({ $0.isAssigned }) { next = min(next, nextProbe) }
        return now.duration(to: next).wholeMilliseconds + 1
    }

    // MARK: Errors

    private func report(_ error: KafkaError) {
        switch error.code {
        case .notAuthorized, .inconsistentGroup, .fenced, .unsupported, .configuration, .offsetOutOfRange:
            core.fail(error)
        case .unknownTopic:
            if unknownTopic == nil { nextProbe = min(nextProbe, core.clock.now + Self.probeTime(core.configuration)) }
            unknownTopic = error
            core.log(.warning, error.description, error)
        default:
            if error.isFatal { core.fail(error) } else { core.log(.warning, error.description, error) }
        }
    }

    private static func probeTime(_ configuration: ConsumerConfiguration) -> Duration {
        min(.seconds(5), configuration.connectTimeout / 2)
    }

    /// Finds out, when the first assignment is late, whether it will come, and whether a topic is gone for good.
    private func probe() {
        guard core.clock.now >= nextProbe else { return }
        let (isAssigned, isRunning) = core.state.withLock { ($0.isAssigned, $0.phase == .running) }
        guard isRunning, unknownTopic != nil || !isAssigned else { return }
        do throws(KafkaError) {
            try core.client.probe(core.topics, timeout: Self.probeTime(core.configuration))
            if let unknownTopic, !isAssigned { throw unknownTopic }
            // The brokers have the topic after all, as when it was just created.
            unknownTopic = nil
            if !isAssigned { core.log(.info, "Brokers answer; the group has assigned no partition yet") }
            nextProbe = core.clock.now + core.configuration.connectTimeout
        } catch  where isAssigned && error.code != .unknownTopic {
            // Brokers that fail later are waited for.
            nextProbe = core.clock.now + Self.probeTime(core.configuration)
        } catch {
            core.fail(error)
        }
    }

    // MARK: Closing

    private func close() {
        let (feeds, failure, hub) = core.state.withLock { state in
            state.phase = .stopping
            defer { state.feeds = [:] }
            return (Array(state.feeds.values), state.failure, state.hub)
        }
        for feed in feeds { feed.end(throwing: failure) }
        hub?.finish(throwing: failure)
        core.give(up: feeds, isLost: failure?.isFatal == true)
        core.client.beginClosing()
        let hasLeft = core.client.serveClosing(until: core.clock.now + core.configuration.answerTimeout)
        core.abandonCommits()
        let waiters = core.state.withLock { state in
            state.phase = .closed
            defer { state.closeWaiters = [] }
            return state.closeWaiters
        }
        for waiter in waiters { waiter.resume() }
        if hasLeft { return }
        // Destroying a client that is not closed hangs, so this thread goes on when nobody waits any more.
        core.log(.warning, "No broker lets the consumer leave its group; the group will notice by sessionTimeout")
        _ = core.client.serveClosing(until: nil)
    }
}
