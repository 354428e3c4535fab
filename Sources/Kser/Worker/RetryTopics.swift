/// Topics in which records wait until they are tried again, one for each delay: `<topic>-retry-<milliseconds>`.
///
/// The worker that sends to them also reads them, so they belong into its consumer's topics, and they have to exist:
///
///     let topics = RetryTopics([.seconds(10), .seconds(600)], with: producer)
///     let consumer = try Consumer(configuration, topics: ["jobs"] + topics.names(for: "jobs"))
///
/// A record whose time has not come makes its partition of the retry topic wait, which is read in the order of time, and
/// nothing else. Times are of the sending machine's clock; a clock that is ahead makes the delay no longer than it is.
public struct RetryTopics: Sendable {
    /// The delays, in the order in which a record goes through them.
    public var delays: [Duration]
    /// What stands between the topic's name and the delay; default `-retry-`. Groups that read the same topic need one
    /// each, or they run each other's retries.
    public var infix: String
    let producer: any MessageProducer

    /// Makes retry topics.
    public init(_ delays: [Duration], infix: String = "-retry-", with producer: any MessageProducer) {
        self.delays = delays
        self.infix = infix
        self.producer = producer
    }

    /// The names of a topic's retry topics.
    public func names(for topic: String) -> [String] {
        delays.indices.reduce(into: []) { names, index in
            let name = name(for: topic, delay: delays[index])
            if !names.contains(name) { names.append(name) }
        }
    }

    /// The retry topics of topics that are read that are not read themselves. A regular expression may mean any.
    func names(missingIn topics: [String]) -> [String] {
        if topics.contains(where: { $0.hasPrefix("^") }) { return [] }
        let read = Set(topics)
        return topics.filter { !$0.contains(infix) }.flatMap { names(for: $0) }.filter { !read.contains($0) }
    }

    private func name(for topic: String, delay: Duration) -> String { "\(topic)\(infix)\(delay.milliseconds)" }

    /// The delay of a topic that is a retry topic of another one; nil when it is none. It need not be one of ``delays``:
    /// what waits while they are changed is still known.
    func delay(of topic: String, behind origin: String) -> Duration? {
        let head = origin + infix
        guard !origin.isEmpty, topic.utf8.starts(with: head.utf8) else { return nil }
        let digits = topic.utf8.dropFirst(head.utf8.count)
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self)).map { .milliseconds($0) }
    }

    /// The record for the next retry topic; nil when it has been through all of them.
    func next(
        for record: Record,
        _ lineage: Lineage,
        failure: Dispatch,
        now: Int64,
        _ cut: Cut = .nothing
    ) -> ProducerRecord? {
        guard delays.indices.contains(lineage.rung) else { return nil }
        let delay = delays[lineage.rung]
        var lineage = lineage
        lineage.rung += 1
        lineage.due = (now.addingSaturating(delay.milliseconds), delay)
        return ProducerRecord(
            topic: name(for: lineage.topic, delay: delay),
            key: record.key,
            value: record.value,
            headers: lineage.retryHeaders(of: record, failure, cut)
        )
    }

    /// How long a record has to wait until it is tried, not counting what it has waited in its topic.
    func wait(for record: Record, now: Int64) -> Duration? {
        if record.headers.isEmpty { return nil }
        guard let due = Lineage(record, through: self).due, due.time > now else { return nil }
        // A time that the delay does not explain is a clock's or a header's fault.
        return .milliseconds(min(due.time.subtractingSaturating(now), due.delay.milliseconds))
    }
}
