import Kser
import Synchronization

/// What the poll thread does, from the subscription until the consumer is closed.
final class ConsumerLoop: @unchecked Sendable {
    // Unchecked: the poll thread alone uses it, and librdkafka calls it about rebalances on that thread, within the poll.
    let core: ConsumerCore
    private let batch: RDKafkaBatch
    var nextCommit: ContinuousClock.Instant
    /// The commit that librdkafka has not answered.
    var openCommit: Commit?
    /// Why the last commit that was answered was refused.
    var refusal: KafkaError?
    /// Whether librdkafka waits for the end of a rebalance, and how many there were.
    var isRebalancing = false
    var rebalances = 0
    /// Until when work is waited for once the consumer closes.
    var lastDeadline: ContinuousClock.Instant?
    var nextProbe: ContinuousClock.Instant
    /// Since when the consumer waits for what it needs to work.
    var patienceBegan: ContinuousClock.Instant
    /// A topic that the brokers do not know.
    var unknownTopic: KafkaError?
    private var movedRecords = 0
    private var movedBytes = 0
    /// Whether partitions wait for others to be fetched first.
    private var isGateWaiting = false

    init(_ core: ConsumerCore) {
        self.core = core
        batch = RDKafkaBatch(maxRecordBytes: core.configuration.maxRecordBytes)
        let now = core.clock.now
        nextCommit = now + core.configuration.commitInterval
        patienceBegan = now
        nextProbe = now + core.configuration.connectTimeout - core.configuration.probeTime
    }

    func run() {
        core.client.setHandler(self)
        do {
            try core.client.subscribe(core.topics)
        } catch {
            core.fail(error)
        }
        while core.isWanted {
            let isMore = work()
            wait(atMost: isMore ? .zero : timeToProbe)
            probe()
        }
        close()
    }

    /// Goes on with everything while something is so.
    ///
    /// - Returns: false when it still is at the deadline.
    func serve(until deadline: ContinuousClock.Instant, while isBusy: () -> Bool) -> Bool {
        while true {
            let isMore = work()
            if !isBusy() { return true }
            let left = core.clock.now.duration(to: deadline)
            if left <= .zero { return false }
            wait(atMost: isMore ? .zero : left)
        }
    }

    /// Commits what is due and moves what is fetched; within a rebalance librdkafka holds all partitions back.
    ///
    /// - Returns: whether there may be more to move.
    private func work() -> Bool {
        commitIfDue()
        return isReading ? move(core.feeds) : false
    }

    private var isReading: Bool { !isRebalancing && lastDeadline == nil }

    /// Waits for something to happen, or the time of the next commit. Within a rebalance it may not poll again.
    private func wait(atMost longest: Duration) {
        let now = core.clock.now
        var next = min(nextCommit, now + min(longest, core.configuration.maxPollInterval / 4))
        if isGateWaiting, isReading { next = min(next, now + .milliseconds(10)) }
        let milliseconds = longest == .zero ? 0 : now.duration(to: next).wholeMilliseconds + 1
        if isRebalancing { return takeCommitAnswer(timeout: milliseconds) }
        if let error = core.client.poll(timeout: milliseconds) { report(error) }
        if let error = core.client.fatalFailure { core.fail(error) }
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
}
