import Kser

/// Bounds what librdkafka keeps ready of all partitions together, by pausing some: librdkafka drops what it has of those,
/// and fetches it again when they are resumed. One thread uses it.
///
/// Two kinds of partitions cost memory there: those whose streams are full, with up to
/// ``ConsumerConfiguration/queuedMaxBytes`` and a fetch more each; and those of which nobody knows yet whether they have a
/// backlog, with a fetch each. Both get a number of places. Where there are fewer partitions than places, as nearly
/// always, none is ever paused.
struct FetchGate {
    /// How the fetching of a partition stands.
    enum Passage {
        /// It is fetched, and the first answer has come.
        case open
        /// It is fetched since then, and no answer has come.
        case asked(ContinuousClock.Instant)
        /// It is paused since then.
        case paused(ContinuousClock.Instant)
    }

    private let client: RDKafkaConsumer
    private let clock = ContinuousClock()
    private let placesToKeep: Int
    private let placesToAsk: Int

    init(_ client: RDKafkaConsumer, _ configuration: ConsumerConfiguration) {
        self.client = client
        let share = configuration.budget.bytes / 2
        let fetch = max(1, configuration.fetchMaxBytesPerPartition)
        placesToKeep = max(1, share / max(1, configuration.queuedMaxBytes + fetch))
        placesToAsk = max(1, share / fetch)
    }

    /// Lets in as many new partitions as there are places, before they are fetched.
    func admit(_ feeds: [PartitionFeed], beside others: [PartitionFeed]) {
        let free = max(0, placesToAsk - others.count { $0.passage.isAsked })
        pause(feeds.dropFirst(free))
    }

    /// Lets go of partitions that are taken away: a pause would outlast the assignment.
    func dismiss(_ feeds: [PartitionFeed]) {
        let paused = feeds.filter { $0.passage.isPaused }
        if !paused.isEmpty { client.resume(paused.map(\.place)) }
    }

    /// Pauses what is too much and resumes what is read again, the longest paused first.
    ///
    /// - Returns: whether partitions were resumed, so that the fetchers have to be woken; and whether answers are awaited.
    func regulate(_ feeds: [PartitionFeed]) -> (hasResumed: Bool, isWaiting: Bool) {
        let now = clock.now
        var (keeping, asked) = (0, 0)
        var excess: [PartitionFeed] = []
        var waiting: [(feed: PartitionFeed, since: ContinuousClock.Instant)] = []
        for feed in feeds {
            switch feed.passage {
            case .paused(let since):
                if !feed.stream.isFull { waiting.append((feed, since)) }
                continue
            case .asked(let since) where !isAnswered(feed, since, now): asked += 1
            case .asked, .open: feed.passage = .open
            }
            if feed.isBlocked {
                keeping += 1
                if keeping > placesToKeep { excess.append(feed) }
            }
        }
        pause(excess[...])
        let free = placesToAsk - asked
        if waiting.isEmpty { return (false, false) }
        if free <= 0 { return (false, true) }
        if waiting.count > free { waiting.sort { $0.since < $1.since } }
        let next = waiting.prefix(free).map(\.feed)
        client.resume(next.map(\.place))
        for feed in next { feed.passage = .asked(now) }
        return (true, waiting.count > free)
    }

    /// Whether something came of a fetch, be it that there is nothing; an answer that never comes counts after a second.
    private func isAnswered(
        _ feed: PartitionFeed,
        _ since: ContinuousClock.Instant,
        _ now: ContinuousClock.Instant
    ) -> Bool {
        feed.hasRead || since.duration(to: now) > .seconds(1)
    }

    private func pause(_ feeds: ArraySlice<PartitionFeed>) {
        if feeds.isEmpty { return }
        client.pause(feeds.map(\.place))
        for feed in feeds { feed.passage = .paused(clock.now) }
    }
}

extension FetchGate.Passage {
    var isAsked: Bool { if case .asked = self { true } else { false } }
    var isPaused: Bool { if case .paused = self { true } else { false } }
}
