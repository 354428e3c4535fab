internal import CLibrdkafka
import Kser

/// The administrative calls on a client. All of them block until the deadline at most.
struct RDKafkaAdmin: Sendable {
    let client: RDKafkaClient
    let groups: RDKafkaGroups
    private var deadline = ContinuousClock.now

    init(_ properties: [RDKafkaProperty], logger: KserLogger) throws(KafkaError) {
        var settings = RDKafkaSettings()
        try settings.set(properties)
        client = try RDKafkaClient(RD_KAFKA_PRODUCER, settings, events: RDKafkaEvents(logger: logger))
        groups = RDKafkaGroups(properties, logger: logger)
    }

    /// The same calls, until a deadline.
    func until(_ deadline: ContinuousClock.Instant) -> RDKafkaAdmin {
        var admin = self
        admin.deadline = deadline
        return admin
    }

    /// How much of the time is left, in milliseconds.
    var timeout: Int32 { max(1, ContinuousClock.now.duration(to: deadline).wholeMilliseconds) }

    func failure(_ error: rd_kafka_resp_err_t, _ doing: String, topic: String? = nil) -> KafkaError {
        client.serveEvents()
        return client.failure(error, doing: doing, topic: topic)
    }

    /// Forgets why brokers did not answer: one has.
    func recovered() {
        client.serveEvents()
        client.events.recovered()
    }

    // MARK: Topics

    func createTopic(_ topic: NewTopic) throws(KafkaError) {
        let doing = "creating topic \"\(topic.name)\""
        let (new, text) = withErrorText {
            rd_kafka_NewTopic_new(
                topic.name,
                Int32(clamping: topic.partitions),
                Int32(clamping: topic.replication ?? -1),
                $0,
                $1
            )
        }
        guard let new else { throw KafkaError(.configuration, "\(doing) failed: \(text)", topic: topic.name) }
        defer { rd_kafka_NewTopic_destroy(new) }
        for (name, value) in topic.configuration {
            let error = rd_kafka_NewTopic_set_config(new, name, value)
            guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
                throw KafkaError(error, doing: "\(doing): configuration \(name)", topic: topic.name)
            }
        }
        try request(RD_KAFKA_ADMIN_OP_CREATETOPICS, doing, topic: topic.name) { options, queue in
            var list: [OpaquePointer?] = [new]
            rd_kafka_CreateTopics(client.pointer, &list, 1, options, queue)
        } answer: { event throws(KafkaError) in
            var count = 0
            let result = rd_kafka_event_CreateTopics_result(event)
            guard let result, let list = rd_kafka_CreateTopics_result_topics(result, &count) else { return }
            try check(list, count, doing)
        }
    }

    func deleteTopic(_ name: String) throws(KafkaError) {
        let doing = "deleting topic \"\(name)\""
        guard let old = rd_kafka_DeleteTopic_new(name) else { return }
        defer { rd_kafka_DeleteTopic_destroy(old) }
        try request(RD_KAFKA_ADMIN_OP_DELETETOPICS, doing, topic: name) { options, queue in
            var list: [OpaquePointer?] = [old]
            rd_kafka_DeleteTopics(client.pointer, &list, 1, options, queue)
        } answer: { event throws(KafkaError) in
            var count = 0
            let result = rd_kafka_event_DeleteTopics_result(event)
            guard let result, let list = rd_kafka_DeleteTopics_result_topics(result, &count) else { return }
            try check(list, count, doing)
        }
    }

    private func check(
        _ results: UnsafeMutablePointer<OpaquePointer?>,
        _ count: Int,
        _ doing: String
    ) throws(KafkaError) {
        for index in 0..<count {
            guard let result = results[index] else { continue }
            let error = rd_kafka_topic_result_error(result)
            guard error != RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
            throw KafkaError(
                error,
                doing: doing,
                reason: rd_kafka_topic_result_error_string(result).map { String(cString: $0) },
                topic: rd_kafka_topic_result_name(result).map { String(cString: $0) }
            )
        }
    }

    /// The partitions of one topic, or of all.
    func metadata(of topic: String?) throws(KafkaError) -> [TopicDescription] {
        var pointer: UnsafePointer<rd_kafka_metadata>?
        var handle: OpaquePointer?
        if let topic {
            handle = rd_kafka_topic_new(client.pointer, topic, nil)
            if handle == nil { throw KafkaError(.invalidTopic, "topic name \"\(topic)\" is refused", topic: topic) }
        }
        defer { if let handle { rd_kafka_topic_destroy(handle) } }
        let doing = topic.map { "describing topic \"\($0)\"" } ?? "listing topics"
        let error = rd_kafka_metadata(client.pointer, topic == nil ? 1 : 0, handle, &pointer, timeout)
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR, let pointer else { throw failure(error, doing, topic: topic) }
        defer { rd_kafka_metadata_destroy(pointer) }
        var list: [TopicDescription] = []
        for index in 0..<Int(pointer.pointee.topic_cnt) {
            guard let item = pointer.pointee.topics?[index] else { continue }
            let name = item.topic.map { String(cString: $0) } ?? ""
            if item.err != RD_KAFKA_RESP_ERR_NO_ERROR, topic != nil {
                throw KafkaError(item.err, doing: doing, topic: name)
            }
            list.append(TopicDescription(name: name, partitions: Self.partitions(of: item)))
        }
        return list.sorted { $0.name < $1.name }
    }

    /// One topic.
    ///
    /// - Throws: ``KafkaError``; `unknownTopic` when there is none.
    func topic(_ name: String) throws(KafkaError) -> TopicDescription {
        try TopicName.check(name)
        guard let topic = try metadata(of: name).first, !topic.partitions.isEmpty else {
            let advice = KafkaError.Code.unknownTopic.advice ?? ""
            throw KafkaError(.unknownTopic, "there is no topic \"\(name)\"; \(advice)", topic: name)
        }
        return topic
    }

    private static func partitions(of topic: rd_kafka_metadata_topic) -> [TopicDescription.Partition] {
        (0..<Int(topic.partition_cnt)).compactMap { index in
            guard let partition = topic.partitions?[index] else { return nil }
            return TopicDescription.Partition(
                id: partition.id,
                leader: partition.leader < 0 ? nil : partition.leader,
                replicas: (0..<Int(partition.replica_cnt)).compactMap { partition.replicas?[$0] }
            )
        }
        .sorted { $0.id < $1.id }
    }

    // MARK: Offsets

    /// The offsets that partitions of a topic hold.
    ///
    /// `rd_kafka_query_watermark_offsets` of librdkafka 2.0 heeds no timeout. This call takes the first and the last
    /// offset for times before and after all others, as the brokers themselves do.
    func watermarks(of topic: String, _ partitions: [Int32]) throws(KafkaError) -> [Int32: Range<Int64>] {
        let first = try offsets(of: topic, partitions, at: Int64(RD_KAFKA_OFFSET_BEGINNING))
        let last = try offsets(of: topic, partitions, at: Int64(RD_KAFKA_OFFSET_END))
        return first.reduce(into: [:]) { held, first in
            held[first.key] = first.value..<max(first.value, last[first.key] ?? first.value)
        }
    }

    private func offsets(of topic: String, _ partitions: [Int32], at time: Int64) throws(KafkaError) -> [Int32: Int64] {
        if partitions.isEmpty { return [:] }
        let doing = "asking for the offsets of topic \"\(topic)\""
        let list = RDKafkaPartitionList(capacity: partitions.count)
        for partition in partitions { list.append(TopicPartition(topic: topic, partition: partition), offset: time) }
        let error = rd_kafka_offsets_for_times(client.pointer, list.pointer, timeout)
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
            // Of partitions whose leader is away, newer versions say that they are unknown, and more in the list.
            let cause = list.elements.map(\.error).first { $0 == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE }
            throw failure(cause ?? error, doing, topic: topic)
        }
        var offsets: [Int32: Int64] = [:]
        for element in list.elements {
            let partition = element.partition.partition
            guard element.error == RD_KAFKA_RESP_ERR_NO_ERROR else {
                throw KafkaError(element.error, doing: doing, topic: topic, partition: partition)
            }
            offsets[partition] = max(0, element.offset)
        }
        return offsets
    }

    // MARK: Groups

    func listGroups() throws(KafkaError) -> [GroupDescription] {
        var pointer: UnsafePointer<rd_kafka_group_list>?
        let error = rd_kafka_list_groups(client.pointer, nil, &pointer, timeout)
        // With a part of the brokers away, the groups of the others are there.
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR__PARTIAL, let pointer else {
            throw failure(error, "listing groups")
        }
        defer { rd_kafka_group_list_destroy(pointer) }
        return (0..<Int(pointer.pointee.group_cnt))
            .compactMap { index in
                guard let group = pointer.pointee.groups?[index], let name = group.group else { return nil }
                return GroupDescription(
                    name: String(cString: name),
                    state: group.state.map { String(cString: $0) } ?? "",
                    members: Int(group.member_cnt)
                )
            }
            .sorted { $0.name < $1.name }
    }

    func committed(group: String, _ topic: String, _ partitions: [Int32]) throws(KafkaError) -> [Int32: Int64] {
        let places = partitions.map { TopicPartition(topic: topic, partition: $0) }
        let committed = try groups.with(group) { group throws(KafkaError) in
            try group.committed(places, until: deadline)
        }
        return committed.reduce(into: [:]) { $0[$1.key.partition] = $1.value }
    }

    func setCommitted(group: String, _ offsets: [(place: TopicPartition, offset: Int64)]) throws(KafkaError) {
        try groups.with(group) { group throws(KafkaError) in try group.commit(offsets, until: deadline) }
    }

    // MARK: Requests

    private func request(
        _ kind: rd_kafka_admin_op_t,
        _ doing: String,
        topic: String? = nil,
        send: (_ options: OpaquePointer?, _ queue: OpaquePointer) -> Void,
        answer: (_ event: OpaquePointer) throws(KafkaError) -> Void
    ) throws(KafkaError) {
        let options = rd_kafka_AdminOptions_new(client.pointer, kind)
        defer { rd_kafka_AdminOptions_destroy(options) }
        // One hour is librdkafka's limit.
        let milliseconds = min(timeout, 3_600_000)
        let (_, _) = withErrorText { rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, $0, $1) }
        let queue = RDKafkaQueue(rd_kafka_queue_new(client.pointer), of: client)
        send(options, queue.pointer)
        // librdkafka answers within the request's timeout.
        guard let event = rd_kafka_queue_poll(queue.pointer, milliseconds + 2_000) else {
            throw failure(RD_KAFKA_RESP_ERR__TIMED_OUT, doing, topic: topic)
        }
        defer { rd_kafka_event_destroy(event) }
        let error = rd_kafka_event_error(event)
        if error != RD_KAFKA_RESP_ERR_NO_ERROR { throw failure(error, doing, topic: topic) }
        try answer(event)
    }
}
