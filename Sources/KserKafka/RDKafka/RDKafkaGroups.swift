internal import CLibrdkafka
import Kser
import Synchronization

/// The groups whose offsets an admin asks for and sets. One thread uses it.
///
/// librdkafka's admin calls for this end the process when an answer is late, or when the broker in charge of the group
/// goes away (librdkafka#4605, #5040 and #5397, open as of 2.15), so a consumer that joins nothing does it.
final class RDKafkaGroups: Sendable {
    private let properties: [RDKafkaProperty]
    private let logger: KserLogger
    /// The one asked for last: lag is asked for again and again.
    private let last = Mutex<RDKafkaGroup?>(nil)

    init(_ properties: [RDKafkaProperty], logger: KserLogger) {
        self.properties = properties
        self.logger = logger
    }

    /// Makes calls on a group. A client whose call failed, which may be on its way still, is not used again.
    func with<Value>(
        _ name: String,
        _ calls: (RDKafkaGroup) throws(KafkaError) -> Value
    ) throws(KafkaError) -> Value {
        let known = last.withLock { last in
            defer { last = nil }
            return last?.name == name ? last : nil
        }
        let group = if let known { known } else { try RDKafkaGroup(name, properties, logger: logger) }
        let value = try calls(group)
        last.withLock { $0 = group }
        return value
    }
}

/// A client that knows a group by name and is no member of it. Its calls block until their deadline at most.
final class RDKafkaGroup: Sendable {
    let name: String
    private let client: RDKafkaClient
    private let answers: RDKafkaQueue

    init(_ name: String, _ properties: [RDKafkaProperty], logger: KserLogger) throws(KafkaError) {
        if name.isEmpty { throw KafkaError(.configuration, "the group's name is empty") }
        var settings = RDKafkaSettings()
        try settings.set(properties)
        try settings.set([
            RDKafkaProperty("group.id", name), RDKafkaProperty("enable.auto.commit", "false"),
            // What a transaction is about to commit does not hold the answer up.
            RDKafkaProperty("isolation.level", "read_uncommitted"),
        ])
        client = try RDKafkaClient(RD_KAFKA_CONSUMER, settings, events: RDKafkaEvents(logger: logger))
        answers = RDKafkaQueue(rd_kafka_queue_new(client.pointer), of: client)
        self.name = name
    }

    /// The committed offsets; a partition without one is not there.
    func committed(
        _ places: [TopicPartition],
        until deadline: ContinuousClock.Instant
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        let doing = "asking for the committed offsets of group \"\(name)\""
        let list = RDKafkaPartitionList(capacity: places.count)
        for place in places { list.append(place) }
        let error = rd_kafka_committed(client.pointer, list.pointer, Self.milliseconds(until: deadline))
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else { throw failure(error, doing) }
        try check(list.elements, doing)
        return list.elements.reduce(into: [:]) { offsets, element in
            if element.offset >= 0 { offsets[element.partition] = element.offset }
        }
    }

    /// Commits offsets, which a group with members refuses.
    func commit(
        _ offsets: [(place: TopicPartition, offset: Int64)],
        until deadline: ContinuousClock.Instant
    ) throws(KafkaError) {
        let doing = "setting the committed offsets of group \"\(name)\""
        let list = RDKafkaPartitionList(capacity: offsets.count)
        for (place, offset) in offsets { list.append(place, offset: offset) }
        let error = rd_kafka_commit_queue(client.pointer, list.pointer, answers.pointer, nil, nil)
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else { throw failure(error, doing) }
        // This is the only commit of the client: after one without an answer comes no other.
        guard let event = rd_kafka_queue_poll(answers.pointer, Self.milliseconds(until: deadline)) else {
            throw failure(RD_KAFKA_RESP_ERR__TIMED_OUT, doing)
        }
        defer { rd_kafka_event_destroy(event) }
        let outcome = rd_kafka_event_error(event)
        guard outcome == RD_KAFKA_RESP_ERR_NO_ERROR else { throw failure(outcome, doing) }
        guard let answered = rd_kafka_event_topic_partition_list(event) else { return }
        try check(RDKafkaPartitionList.elements(of: answered), doing)
    }

    private func check(_ elements: [RDKafkaPartitionList.Element], _ doing: String) throws(KafkaError) {
        guard let failed = elements.first(where: { $0.error != RD_KAFKA_RESP_ERR_NO_ERROR }) else { return }
        throw KafkaError(
            failed.error,
            doing: doing,
            topic: failed.partition.topic,
            partition: failed.partition.partition
        )
    }

    private func failure(_ error: rd_kafka_resp_err_t, _ doing: String) -> KafkaError {
        client.serveEvents()
        return client.failure(error, doing: doing)
    }

    private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        max(1, ContinuousClock.now.duration(to: deadline).wholeMilliseconds)
    }
}
