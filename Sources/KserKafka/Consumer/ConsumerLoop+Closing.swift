import Kser
import Synchronization

extension ConsumerLoop {
    /// Gives all partitions up and leaves the group.
    func close() {
        lastDeadline = core.clock.now + core.configuration.drainTimeout
        let (failure, hub) = core.state.withLock { state in
            state.phase = .stopping
            return (state.failure, state.hub)
        }
        let feeds = core.feeds
        for feed in feeds { feed.end(throwing: failure) }
        hub?.finish(throwing: failure)
        giveUp(feeds, isLost: failure?.isFatal == true)
        let patience = core.configuration.answerTimeout
        if !core.client.beginClosing(until: core.clock.now + patience) {
            core.log(
                .warning,
                "The consumer closes before its first assignment, and librdkafka before 2.3 would abort the process if its "
                    + "client were destroyed then: the client is kept, with its threads"
            )
        }
        let hasLeft = core.client.serveClosing(until: core.clock.now + patience)
        core.state.withLock { $0.phase = .closed }
        abandonCommits()
        core.closing.keep()
        if hasLeft { return }
        // Destroying a client that is not closed hangs, so this thread goes on when nobody waits any more.
        core.log(.warning, "No broker lets the consumer leave its group; the group will notice by sessionTimeout")
        _ = core.client.serveClosing(until: nil)
    }
}
