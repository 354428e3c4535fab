internal import CLibrdkafka
import Kser
import Synchronization

/// Partitions that come or go.
enum Rebalance: Sendable {
    case assign([TopicPartition])
    case revoke([TopicPartition], isLost: Bool)
}

/// Takes partitions over and gives them up. It is called on the thread that polls, within the poll.
protocol RebalanceHandler: AnyObject, Sendable {
    func rebalance(_ change: Rebalance)
}

/// What a commit came to.
struct RDKafkaCommitAnswer {
    let error: KafkaError?
}

/// A consuming client and the calls on it; one thread of ours makes nearly all of them.
final class RDKafkaConsumer: Sendable {
    let client: RDKafkaClient
    let queue: RDKafkaQueue
    private let commits: RDKafkaSignalledQueue
    private let group: String
    private let credentials: (name: String, password: String)?

    init(_ configuration: ConsumerConfiguration, logger: KserLogger) throws(KafkaError) {
        var settings = RDKafkaSettings()
        // Not known to 2.0: there a broker's thread is woken by wakeFetchers instead. What a partition has in store when its
        // queue is read again lasts longer.
        settings.setIfKnown("fetch.queue.backoff.ms", "20")
        try settings.set(try configuration.properties())
        rd_kafka_conf_set_rebalance_cb(settings.pointer) { client, code, list, opaque in
            guard let client, let opaque else { return }
            let events = Unmanaged<RDKafkaEvents>.fromOpaque(opaque).takeUnretainedValue()
            RDKafkaConsumer.rebalance(client, code, list, events)
        }
        let events = RDKafkaEvents(logger: logger)
        events.joining.watch(settings)
        client = try RDKafkaClient(RD_KAFKA_CONSUMER, settings, events: events)
        rd_kafka_poll_set_consumer(client.pointer)
        guard let pointer = rd_kafka_queue_get_consumer(client.pointer) else {
            throw KafkaError(.configuration, "setting groupID: librdkafka made no consumer of it")
        }
        queue = RDKafkaQueue(pointer, of: client)
        commits = RDKafkaSignalledQueue(RDKafkaQueue(rd_kafka_queue_new(client.pointer), of: client), wakes: [queue])
        group = configuration.groupID
        credentials = Self.credentials(configuration)
    }

    /// What librdkafka would use as credentials; nil when half of them is not known here.
    private static func credentials(_ configuration: ConsumerConfiguration) -> (String, String)? {
        let name = configuration.additional["sasl.username"] ?? configuration.security.sasl?.username
        let password = configuration.additional["sasl.password"] ?? configuration.security.sasl?.password.text
        switch (name, password) {
        case (let name?, let password?): return (name, password)
        case (nil, nil): return ("", "")
        default: return nil
        }
    }

    /// Makes what waits return at once, or the next that would: the poll, or ``commitAnswer(timeout:)`` within it.
    func wake() {
        queue.wake()
        commits.queue.wake()
    }

    /// Whether the consumer has asked the group to take it in and does not know its partitions yet: no time for commits.
    var isJoining: Bool { client.events.joining.isUnderWay }

    /// Why the connections fail, as far as is known.
    var lastFailure: KafkaError? {
        guard let failure = client.events.lastFailure else { return nil }
        return KafkaError(failure.code, doing: "joining group \"\(group)\"", reason: failure.reason)
    }

    /// Why the client is of no further use.
    var fatalFailure: KafkaError? {
        guard let failure = client.fatalFailure else { return nil }
        var error = KafkaError(failure.code, doing: "consuming in group \"\(group)\"", reason: failure.reason)
        error.isFatal = true
        return error
    }

    /// Sets who takes partitions over; nil when nobody does any more.
    func setHandler(_ handler: (any RebalanceHandler)?) { client.events.rebalanceHandler.withLock { $0 = handler } }

    /// Asks for the topics' partitions.
    func subscribe(_ topics: [String]) throws(KafkaError) {
        let list = RDKafkaPartitionList(capacity: topics.count)
        for topic in topics { list.append(topic: topic) }
        let error = rd_kafka_subscribe(client.pointer, list.pointer)
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw KafkaError(error, doing: "subscribing to \(topics.joined(separator: ", "))")
        }
    }

    /// Waits for something to happen and serves it: rebalances, errors, and whatever ``wake()`` was called for.
    ///
    /// - Returns: an error that the group or a partition reports.
    func poll(timeout milliseconds: Int32) -> KafkaError? {
        guard let message = rd_kafka_consumer_poll(client.pointer, milliseconds) else { return nil }
        defer { rd_kafka_message_destroy(message) }
        switch message.pointee.err {
        // Records and ends come here of partitions only that are assigned while the consumer closes.
        case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR__PARTITION_EOF: return nil
        // The message says that there is an end, the client why.
        case RD_KAFKA_RESP_ERR__FATAL: return fatalFailure ?? KafkaError(consuming: message, group: group)
        default: return KafkaError(consuming: message, group: group)
        }
    }

    /// A queue of one partition's own; what is fetched for the partition goes there from then on.
    func makeQueue(for place: TopicPartition) -> RDKafkaSignalledQueue? {
        guard let pointer = rd_kafka_queue_get_partition(client.pointer, place.topic, place.partition) else {
            return nil
        }
        rd_kafka_queue_forward(pointer, nil)
        return RDKafkaSignalledQueue(RDKafkaQueue(pointer, of: client), wakes: [queue, commits.queue])
    }

    /// Stops fetching partitions; librdkafka drops what it has of them and nobody has read.
    func pause(_ places: [TopicPartition]) { change(places) { rd_kafka_pause_partitions($0, $1) } }

    /// Fetches paused partitions again, from the first record on that nobody has read.
    func resume(_ places: [TopicPartition]) { change(places) { rd_kafka_resume_partitions($0, $1) } }

    // The outcome is that of each partition, and all of them are ours.
    private func change(
        _ places: [TopicPartition],
        _ call: (OpaquePointer, UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> rd_kafka_resp_err_t
    ) {
        let list = RDKafkaPartitionList(capacity: places.count)
        for place in places { list.append(place) }
        _ = call(client.pointer, list.pointer)
    }

    /// The high watermark that came with the last records fetched, or with the answer that there are none. It asks no
    /// broker and may be called on any thread.
    func knownEnd(of place: TopicPartition) -> Int64? {
        var (low, high) = (Int64(-1), Int64(-1))
        let error = rd_kafka_get_watermark_offsets(client.pointer, place.topic, place.partition, &low, &high)
        return error == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : nil
    }

    /// Makes brokers' threads look whether partitions want more.
    ///
    /// librdkafka up to 2.1 looks once a second after a partition's queue was full. Setting the credentials, here to what
    /// they are, is its one public call that wakes these threads; it does nothing else to open connections.
    func wakeFetchers() {
        guard Self.needsWaking, let credentials else { return }
        let error = rd_kafka_sasl_set_credentials(client.pointer, credentials.name, credentials.password)
        if let error { rd_kafka_error_destroy(error) }
    }

    private static let needsWaking = RDKafkaClient.version < 0x0202_0000

    /// Whether the cluster answers and has the topics; which ones a regular expression matches does not count.
    ///
    /// - Throws: ``KafkaError`` that says why not.
    func probe(_ topics: [String], timeout: Duration) throws(KafkaError) {
        let names = topics.filter { !$0.hasPrefix("^") }
        if names.isEmpty { try probe(nil, timeout) }
        for name in names { try probe(name, timeout) }
    }

    private func probe(_ topic: String?, _ timeout: Duration) throws(KafkaError) {
        let handle = topic.flatMap { rd_kafka_topic_new(client.pointer, $0, nil) }
        defer { if let handle { rd_kafka_topic_destroy(handle) } }
        var answer: UnsafePointer<rd_kafka_metadata>?
        let error = rd_kafka_metadata(client.pointer, 0, handle, &answer, timeout.wholeMilliseconds)
        defer { if let answer { rd_kafka_metadata_destroy(answer) } }
        if error != RD_KAFKA_RESP_ERR_NO_ERROR {
            throw lastFailure ?? KafkaError(error, doing: "joining group \"\(group)\"", topic: topic)
        }
        client.events.recovered()
        guard let topic, let found = answer?.pointee.topics?.pointee, found.err != RD_KAFKA_RESP_ERR_NO_ERROR else {
            return
        }
        throw KafkaError(found.err, doing: "consuming topic \"\(topic)\"", topic: topic)
    }
}

// Rebalances.
extension RDKafkaConsumer {
    private static func rebalance(
        _ client: OpaquePointer,
        _ code: rd_kafka_resp_err_t,
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
        _ events: RDKafkaEvents
    ) {
        let partitions = list.map { RDKafkaPartitionList.elements(of: $0).map(\.partition) } ?? []
        let handler = events.rebalanceHandler.withLock { $0 }
        switch code {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            events.learnProtocol(client)
            events.recovered()
            guard let handler else { break }
            handler.rebalance(.assign(partitions))
            if events.isCooperative {
                consumeError(rd_kafka_incremental_assign(client, list), events)
            } else {
                rd_kafka_assign(client, list)
            }
            return
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            handler?.rebalance(.revoke(partitions, isLost: rd_kafka_assignment_lost(client) != 0))
        default:
            handler?.rebalance(.revoke(partitions, isLost: true))
        }
        if events.isCooperative, code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS {
            consumeError(rd_kafka_incremental_unassign(client, list), events)
        } else {
            rd_kafka_assign(client, nil)
        }
    }

    static func consumeError(_ error: OpaquePointer?, _ events: RDKafkaEvents) {
        guard let error else { return }
        let failure = KafkaError(consuming: error, doing: "changing the assignment")
        events.log(level: 3, facility: "REBALANCE", text: failure.message)
    }
}

// Commits.
extension RDKafkaConsumer {
    /// What the group knows the consumer by at this moment; for a thread that may block.
    ///
    /// - Throws: ``KafkaError`` when the group does not know it. Without a member id brokers would not look at the
    ///   generation either.
    func groupMetadata() throws(KafkaError) -> RDKafkaGroupMetadata {
        let member = memberID()
        guard !member.isEmpty, let pointer = rd_kafka_consumer_group_metadata(client.pointer) else { throw noMember }
        let metadata = RDKafkaGroupMetadata(owning: pointer)
        // A member that is shut out never gets the same id again.
        guard memberID() == member else { throw noMember }
        return metadata
    }

    private func memberID() -> String {
        guard let text = rd_kafka_memberid(client.pointer) else { return "" }
        defer { rd_kafka_mem_free(client.pointer, text) }
        return String(cString: text)
    }

    private var noMember: KafkaError {
        KafkaError(.revoked, "the consumer is no member of group \"\(group)\" at the moment", isRetriable: true)
    }

    /// Commits offsets; ``commitAnswer(timeout:)`` gets the answer, and has to before the next commit.
    ///
    /// - Throws: ``KafkaError`` when nothing is on its way.
    func commit(_ offsets: [(place: TopicPartition, offset: Int64)]) throws(KafkaError) {
        let list = RDKafkaPartitionList(capacity: offsets.count)
        for (place, offset) in offsets { list.append(place, offset: offset) }
        // Nothing of ours goes along: an answer may come when nobody polls any more.
        let error = rd_kafka_commit_queue(client.pointer, list.pointer, commits.queue.pointer, nil, nil)
        guard error != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        throw KafkaError(error, doing: "committing offsets of group \"\(group)\"")
    }

    /// Takes the answer to the commit on its way.
    ///
    /// - Parameter timeout: how long to wait for it, in milliseconds.
    /// - Returns: nil when there is none yet.
    func commitAnswer(timeout: Int32 = 0) -> RDKafkaCommitAnswer? {
        guard commits.takeSignal() || timeout > 0, let event = rd_kafka_queue_poll(commits.queue.pointer, timeout)
        else { return nil }
        defer { rd_kafka_event_destroy(event) }
        return RDKafkaCommitAnswer(error: failure(of: event))
    }

    private func failure(of event: OpaquePointer) -> KafkaError? {
        let doing = "committing offsets of group \"\(group)\""
        let error = rd_kafka_event_error(event)
        if error != RD_KAFKA_RESP_ERR_NO_ERROR { return KafkaError(error, doing: doing) }
        client.events.recovered()
        guard let list = rd_kafka_event_topic_partition_list(event) else { return nil }
        let failed = RDKafkaPartitionList.elements(of: list).first { $0.error != RD_KAFKA_RESP_ERR_NO_ERROR }
        return failed.map {
            KafkaError($0.error, doing: doing, topic: $0.partition.topic, partition: $0.partition.partition)
        }
    }
}
