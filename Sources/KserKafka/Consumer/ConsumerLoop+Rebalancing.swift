import Kser
import Synchronization

extension ConsumerLoop: RebalanceHandler {
    func rebalance(_ change: Rebalance) {
        isRebalancing = true
        defer {
            isRebalancing = false
            rebalances += 1
            // The group takes commits again.
            nextCommit = core.clock.now
        }
        switch change {
        case .assign(let places): assign(places)
        case .revoke(let places, let isLost): revoke(places, isLost: isLost)
        }
    }

    private func assign(_ places: [TopicPartition]) {
        core.log(.info, "Assigned: \(Self.list(places))")
        report(.assigned, places)
        let (hub, isRunning) = core.state.withLock { state in
            state.isAssigned = true
            return (state.hub, state.phase == .running)
        }
        // A member that leaves gets none to work on.
        guard let hub, isRunning else { return }
        // Records fetched meanwhile may have raised no signal: look at all queues after the poll.
        defer { core.client.wake() }
        let others = core.feeds
        var feeds: [PartitionFeed] = []
        for place in places {
            guard let queue = core.client.makeQueue(for: place) else {
                core.fail(KafkaError(.configuration, "librdkafka made no queue for \(place)"))
                return
            }
            let stream = hub.makeStream(topic: place.topic, partition: place.partition, owner: core)
            let feed = PartitionFeed(place, queue, stream) { [weak hub, weak core] in
                guard let hub, let core else { return nil }
                let stream = hub.makeStream(topic: place.topic, partition: place.partition, owner: core)
                hub.announce(stream)
                return stream
            }
            let isRunning = core.state.withLock { state in
                state.feeds[place] = feed
                return state.phase == .running
            }
            feeds.append(feed)
            hub.announce(stream)
            // The stop that came meanwhile ended the others.
            if !isRunning { stream.end() }
        }
        core.gate.admit(feeds, beside: others)
    }

    private func revoke(_ places: [TopicPartition], isLost: Bool) {
        let feeds = core.state.withLock { state in places.compactMap { state.feeds[$0] } }
        for feed in feeds { feed.end() }
        core.gate.dismiss(feeds)
        core.log(isLost ? .warning : .info, "\(isLost ? "Lost" : "Revoked"): \(Self.list(places))")
        report(isLost ? .lost : .revoked, places)
        giveUp(feeds, isLost: isLost)
    }

    /// Waits for what is in work in streams that ended, and commits it. All else goes on meanwhile.
    func giveUp(_ feeds: [PartitionFeed], isLost: Bool) {
        defer { core.forget(feeds) }
        // Lost partitions belong to others already: waiting would help nobody, committing could go back.
        if isLost {
            for stream in feeds.flatMap(\.all) { stream.release() }
            return
        }
        let ownDeadline = core.clock.now + core.configuration.drainTimeout
        let deadline = min(ownDeadline, lastDeadline ?? ownDeadline)
        if !serve(until: deadline, while: { core.isInWork(feeds) }) {
            core.log(.warning, "Records are still in work after drainTimeout; they will be delivered again")
        }
        for stream in feeds.flatMap(\.all) { stream.release() }
        // Transactions that are open are aborted, unless they are being committed already.
        let answerDeadline = core.clock.now + core.configuration.answerTimeout
        if !serve(until: answerDeadline, while: { feeds.flatMap(\.all).contains { $0.isInTransaction } }) {
            core.log(.warning, "A transaction is still open; the group refuses its offsets, or waits for it")
        }
        commitFinally(until: max(deadline, answerDeadline))
    }

    private func report(_ change: AssignmentChange, _ places: [TopicPartition]) {
        core.monitor.withLock { $0 }?.assignmentChanged(change, partitions: places.count)
    }

    private static func list(_ places: [TopicPartition]) -> String {
        if places.isEmpty { return "no partition" }
        return places.map(\.description).sorted().joined(separator: ", ")
    }
}

extension ConsumerCore {
    /// Whether something is in work that is worth waiting for. A rebalance while the consumer closes has given up some.
    fileprivate func isInWork(_ feeds: [PartitionFeed]) -> Bool {
        if state.withLock({ $0.isAbandoned }) { return false }
        return feeds.flatMap(\.all).contains { $0.inFlight > 0 && !$0.isReleased }
    }

    /// Has nothing to do with these partitions any more.
    fileprivate func forget(_ feeds: [PartitionFeed]) {
        state.withLock { state in
            for feed in feeds where state.feeds[feed.place] === feed { state.feeds[feed.place] = nil }
        }
    }
}
