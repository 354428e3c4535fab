internal import CLibrdkafka
import Kser

/// The administrative calls on a client. All of them block for at most the timeout.
struct RDKafkaAdmin: Sendable {
    let client: RDKafkaClient
    let timeout: Int32

    init(_ properties: [RDKafkaProperty], timeout: Duration, logger: KserLogger) throws(KafkaError) {
        let settings = RDKafkaSettings()
        try settings.set(properties)
        client = try RDKafkaClient(RD_KAFKA_PRODUCER, settings, events: RDKafkaEvents(logger: logger))
        self.timeout = max(1, timeout.wholeMilliseconds)
    }

    /// The error of a call that did not go well: with the reason for which no broker answers, if that is why.
    func failure(_ error: rd_kafka_resp_err_t, _ doing: String, topic: String? = nil) -> KafkaError {
        serveErrors()
        let failure = KafkaError(error, doing: doing, topic: topic)
        guard failure.code == .timedOut || failure.code == .brokerUnavailable, let last = client.events.lastFailure
        else { return failure }
        return KafkaError(last.code, doing: doing, reason: last.reason, topic: topic)
    }

    private func serveErrors() { while rd_kafka_poll(client.pointer, 0) > 0 {} }

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

    func watermarks(of place: TopicPartition) throws(KafkaError) -> Range<Int64> {
        var low: Int64 = 0
        var high: Int64 = 0
        let error = rd_kafka_query_watermark_offsets(
            client.pointer,
            place.topic,
            place.partition,
            &low,
            &high,
            timeout
        )
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw failure(error, "asking for the offsets of \(place)", topic: place.topic)
        }
        return low..<max(low, high)
    }

    func committed(group: String, _ places: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Int64] {
        let doing = "asking for the committed offsets of group \"\(group)\""
        let list = RDKafkaPartitionList(capacity: places.count)
        for place in places { list.append(place) }
        guard let query = rd_kafka_ListConsumerGroupOffsets_new(group, list.pointer) else { return [:] }
        defer { rd_kafka_ListConsumerGroupOffsets_destroy(query) }
        var offsets: [TopicPartition: Int64] = [:]
        try request(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, doing) { options, queue in
            var queries: [OpaquePointer?] = [query]
            rd_kafka_ListConsumerGroupOffsets(client.pointer, &queries, 1, options, queue)
        } answer: { event throws(KafkaError) in
            var count = 0
            guard let result = rd_kafka_event_ListConsumerGroupOffsets_result(event),
                let groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count), count > 0
            else { return }
            if let error = rd_kafka_group_result_error(groups[0]) {
                throw failure(rd_kafka_error_code(error), doing)
            }
            guard let partitions = rd_kafka_group_result_partitions(groups[0]) else { return }
            for element in RDKafkaPartitionList.elements(of: partitions) where element.offset >= 0 {
                offsets[element.partition] = element.offset
            }
        }
        return offsets
    }

    // MARK: Requests

    func request(
        _ kind: rd_kafka_admin_op_t,
        _ doing: String,
        topic: String? = nil,
        send: (_ options: OpaquePointer?, _ queue: OpaquePointer) -> Void,
        answer: (_ event: OpaquePointer) throws(KafkaError) -> Void
    ) throws(KafkaError) {
        let options = rd_kafka_AdminOptions_new(client.pointer, kind)
        defer { rd_kafka_AdminOptions_destroy(options) }
        let (_, _) = withErrorText { rd_kafka_AdminOptions_set_request_timeout(options, timeout, $0, $1) }
        let queue = RDKafkaQueue(rd_kafka_queue_new(client.pointer), of: client)
        send(options, queue.pointer)
        // librdkafka answers within the request's timeout.
        guard let event = rd_kafka_queue_poll(queue.pointer, timeout + 2_000) else {
            throw failure(RD_KAFKA_RESP_ERR__TIMED_OUT, doing, topic: topic)
        }
        defer { rd_kafka_event_destroy(event) }
        let error = rd_kafka_event_error(event)
        if error != RD_KAFKA_RESP_ERR_NO_ERROR { throw failure(error, doing, topic: topic) }
        try answer(event)
    }
}
