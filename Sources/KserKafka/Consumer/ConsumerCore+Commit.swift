import Kser
import Synchronization

// All of this runs on the poll thread.
extension ConsumerCore {
    /// Sends what may be committed and has not been, without waiting.
    ///
    /// - Parameters:
    ///   - feeds: the partitions.
    ///   - promises: who waits for it, and for the commits before it.
    func commit(_ feeds: [PartitionFeed], promises: [Promise<Void>] = []) {
        var offsets: [(place: TopicPartition, offset: Int64)] = []
        var streams: [PartitionStream] = []
        for feed in feeds {
            guard let offset = feed.stream.takeCommittable() else { continue }
            offsets.append((feed.place, offset))
            streams.append(feed.stream)
        }
        if offsets.isEmpty {
            wait(promises)
            return
        }
        let commit = RDKafkaCommit(streams: streams, promises: promises)
        do {
            try client.commit(offsets, commit)
            openCommits.withLock { $0.append(commit) }
        } catch {
            finish(commit, error)
        }
    }

    /// Lets promises wait for the last commit on its way; with none, there is nothing to wait for.
    private func wait(_ promises: [Promise<Void>]) {
        if promises.isEmpty { return }
        if let last = openCommits.withLock({ $0.last }) {
            last.promises.withLock { $0 += promises }
        } else {
            for promise in promises { promise.keep() }
        }
    }

    /// Takes the answers that have come.
    func takeCommitAnswers(timeout: Int32 = 0) {
        for (commit, error) in client.finishedCommits(timeout: timeout) {
            openCommits.withLock { $0.removeAll { $0 === commit } }
            finish(commit, error)
        }
    }

    private func finish(_ commit: RDKafkaCommit, _ error: KafkaError?) {
        let promises = commit.promises.withLock { promises in
            defer { promises = [] }
            return promises
        }
        if let error {
            for stream in commit.streams { stream.commitFailed() }
            log(.warning, "\(error); it is tried again", error)
        }
        for promise in promises { promise.settle(error.map { .failure($0) } ?? .success(())) }
    }

    /// Commits and waits for the answer, and for those to earlier commits, a bounded time.
    func commitAndWait(_ feeds: [PartitionFeed], promises: [Promise<Void>] = []) {
        commit(feeds, promises: promises)
        let deadline = clock.now + configuration.answerTimeout
        while openCommits.withLock({ !$0.isEmpty }) {
            let left = clock.now.duration(to: deadline)
            if left <= .zero {
                log(.warning, "No answer to a commit: its records may be delivered again")
                return
            }
            takeCommitAnswers(timeout: min(100, left.wholeMilliseconds + 1))
        }
    }

    /// Gives up commits that will not be answered any more.
    func abandonCommits() {
        let open = openCommits.withLock { open in
            defer { open = [] }
            return open
        }
        let requests = state.withLock { state in
            defer { state.commitRequests = [] }
            return state.commitRequests
        }
        let error = KafkaError(.closed, "the consumer closed before the commit was answered")
        for commit in open {
            for promise in commit.promises.withLock({ $0 }) { promise.fail(error) }
        }
        for promise in requests { promise.fail(error) }
    }
}
