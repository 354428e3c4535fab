import Kser
import Synchronization

/// A commit, to be sent or on its way.
struct Commit {
    var offsets: [(place: TopicPartition, offset: Int64)] = []
    /// Who gets to know that it failed, to commit again.
    var streams: [PartitionStream] = []
    /// Who waits for it.
    let promises: [Promise<Void>]
    let begin = ContinuousClock.now
}

extension Commit: CustomStringConvertible {
    /// Partitions and offsets, such as `jobs[0]@17, jobs[1]@4`.
    var description: String { offsets.map { "\($0.place)@\($0.offset)" }.joined(separator: ", ") }
}

extension ConsumerLoop {
    /// Takes the answer to the last commit, and sends the next one when it is time or somebody waits for it.
    func commitIfDue() {
        takeCommitAnswer()
        let now = core.clock.now
        guard now >= nextCommit || core.isCommitAsked else { return }
        nextCommit = now + core.configuration.commitInterval
        // The rebalance that ends it makes up for it.
        if !isJoining { commit() }
    }

    /// Whether the member that these partitions are assigned to is joining its group again.
    private var isJoining: Bool { core.client.isJoining && !core.feeds.isEmpty }

    /// Sends what may be committed and has not been, without waiting; nothing while a commit is on its way: librdkafka
    /// sends a commit that failed once more, maybe after later ones, and the group would go back to where it was.
    private func commit() {
        if openCommit != nil { return }
        var commit = Commit(promises: core.takeCommitRequests())
        for feed in core.feeds {
            guard let offset = feed.stream.takeCommittable() else { continue }
            commit.offsets.append((feed.place, offset))
            commit.streams.append(feed.stream)
        }
        if commit.offsets.isEmpty {
            for promise in commit.promises { promise.keep() }
            return
        }
        do {
            try core.client.commit(commit.offsets)
            openCommit = commit
        } catch {
            finish(commit, error)
        }
    }

    /// Takes the answer to the commit on its way, if it has come.
    func takeCommitAnswer(timeout: Int32 = 0) {
        guard let answer = core.client.commitAnswer(timeout: timeout), let commit = openCommit else { return }
        openCommit = nil
        finish(commit, answer.error)
    }

    private func finish(_ commit: Commit, _ error: KafkaError?) {
        core.monitor.withLock { $0 }?.commitEnded(after: commit.begin.duration(to: core.clock.now), error)
        refusal = error
        if let error {
            // The end of the rebalance comes before, unless it lasts long.
            if error.isOfRebalance { nextCommit = core.clock.now + .seconds(1) }
            for stream in commit.streams { stream.commitFailed() }
            core.log(.warning, "\(error); it is tried again: \(commit)", error)
        } else {
            core.log(.debug, "Committed: \(commit)")
        }
        for promise in commit.promises { promise.settle(error.map { .failure($0) } ?? .success(())) }
    }

    /// Commits for the last time before partitions are given up: waits for the answer, and for that to the commit before,
    /// a bounded time each, and tries again until the deadline while the partitions are ours and the refusal may pass.
    func commitFinally(until deadline: ContinuousClock.Instant) {
        while awaitAnswer() {
            _ = serve(until: deadline) { isJoining && core.feeds.contains { $0.stream.hasCommittable } }
            if core.feeds.isEmpty { return }
            refusal = nil
            commit()
            if !awaitAnswer() { break }
            guard let refusal, mayPass(refusal), core.clock.now < deadline else { return }
            if !refusal.isOfRebalance { nextCommit = core.clock.now + .milliseconds(100) }
            let before = rebalances
            _ = serve(until: min(deadline, nextCommit)) { rebalances == before }
        }
        core.log(
            .warning,
            "No answer to a commit, whose records may be delivered again: \(openCommit?.description ?? "")"
        )
    }

    /// Whether the group may take a commit later that it refused. While it is rebalanced it takes none until this member
    /// has rejoined, which the end of a revocation has to come before; a member that leaves may wait for it.
    private func mayPass(_ refusal: KafkaError) -> Bool {
        refusal.isOfRebalance ? !isRebalancing : refusal.isRetriable
    }

    private func awaitAnswer() -> Bool {
        serve(until: core.clock.now + core.configuration.answerTimeout) { openCommit != nil }
    }

    /// Gives up commits that will not be answered any more.
    func abandonCommits() {
        let error = KafkaError(.closed, "the consumer closed before the commit was answered")
        for promise in (openCommit?.promises ?? []) + core.takeCommitRequests() { promise.fail(error) }
        openCommit = nil
    }
}

extension ConsumerCore {
    /// Whether somebody waits for a commit that is not on its way.
    var isCommitAsked: Bool { state.withLock { !$0.commitRequests.isEmpty } }

    func takeCommitRequests() -> [Promise<Void>] {
        state.withLock { state in
            defer { state.commitRequests = [] }
            return state.commitRequests
        }
    }
}
