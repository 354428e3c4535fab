import Kser
import Synchronization

// All of this runs on the poll thread.
extension ConsumerCore {
    /// Whether somebody waits for a commit that is not on its way.
    var isCommitAsked: Bool { state.withLock { !$0.commitRequests.isEmpty } }

    /// Sends what may be committed and has not been, without waiting; nothing while a commit is on its way: librdkafka
    /// sends a commit that failed once more, maybe after later ones, and the group would go back to where it was.
    func commit(_ feeds: [PartitionFeed]) {
        if openCommit.withLock({ $0 != nil }) { return }
        let promises = takeCommitRequests()
        var offsets: [(place: TopicPartition, offset: Int64)] = []
        var streams: [PartitionStream] = []
        for feed in feeds {
            guard let offset = feed.stream.takeCommittable() else { continue }
            offsets.append((feed.place, offset))
            streams.append(feed.stream)
        }
        if offsets.isEmpty {
            for promise in promises { promise.keep() }
            return
        }
        let commit = RDKafkaCommit(offsets, streams: streams, promises: promises)
        do {
            try client.commit(commit)
            openCommit.withLock { $0 = commit }
        } catch {
            finish(commit, error)
        }
    }

    private func takeCommitRequests() -> [Promise<Void>] {
        state.withLock { state in
            defer { state.commitRequests = [] }
            return state.commitRequests
        }
    }

    /// Takes the answer that has come.
    func takeCommitAnswers(timeout: Int32 = 0) {
        for (commit, error) in client.finishedCommits(timeout: timeout) {
            openCommit.withLock { if $0 === commit { $0 = nil } }
            finish(commit, error)
        }
    }

    private func finish(_ commit: RDKafkaCommit, _ error: KafkaError?) {
        monitor.withLock { $0 }?.commitEnded(after: commit.begin.duration(to: clock.now), error)
        if let error {
            for stream in commit.streams { stream.commitFailed() }
            log(.warning, "\(error); it is tried again: \(commit)", error)
        } else {
            log(.debug, "Committed: \(commit)")
        }
        for promise in commit.promises { promise.settle(error.map { .failure($0) } ?? .success(())) }
    }

    /// Commits and waits for the answer, and for that to the commit before, a bounded time.
    func commitAndWait(_ feeds: [PartitionFeed]) {
        let deadline = clock.now + configuration.answerTimeout
        if awaitAnswer(until: deadline) {
            commit(feeds)
            if awaitAnswer(until: deadline) { return }
        }
        let commit = openCommit.withLock { $0 }?.description ?? ""
        log(.warning, "No answer to a commit, whose records may be delivered again: \(commit)")
    }

    private func awaitAnswer(until deadline: ContinuousClock.Instant) -> Bool {
        while openCommit.withLock({ $0 != nil }) {
            let left = clock.now.duration(to: deadline)
            if left <= .zero { return false }
            takeCommitAnswers(timeout: min(100, left.wholeMilliseconds + 1))
        }
        return true
    }

    /// Gives up commits that will not be answered any more.
    func abandonCommits() {
        let open = openCommit.withLock { $0.take() }
        let error = KafkaError(.closed, "the consumer closed before the commit was answered")
        for promise in (open?.promises ?? []) + takeCommitRequests() { promise.fail(error) }
    }
}
