internal import CLibrdkafka
import Kser

// Consumer groups.
extension RDKafkaAdmin {
    func groups() throws(KafkaError) -> [GroupDescription] {
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

    func setCommitted(group: String, _ offsets: [(place: TopicPartition, offset: Int64)]) throws(KafkaError) {
        let doing = "setting the committed offsets of group \"\(group)\""
        let list = RDKafkaPartitionList(capacity: offsets.count)
        for (place, offset) in offsets { list.append(place, offset: offset) }
        guard let change = rd_kafka_AlterConsumerGroupOffsets_new(group, list.pointer) else { return }
        defer { rd_kafka_AlterConsumerGroupOffsets_destroy(change) }
        try request(RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, doing) { options, queue in
            var changes: [OpaquePointer?] = [change]
            rd_kafka_AlterConsumerGroupOffsets(client.pointer, &changes, 1, options, queue)
        } answer: { event throws(KafkaError) in
            var count = 0
            guard let result = rd_kafka_event_AlterConsumerGroupOffsets_result(event),
                let groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(result, &count), count > 0
            else { return }
            if let error = rd_kafka_group_result_error(groups[0]) {
                throw failure(rd_kafka_error_code(error), doing)
            }
            guard let partitions = rd_kafka_group_result_partitions(groups[0]) else { return }
            let failed = RDKafkaPartitionList.elements(of: partitions).first { $0.error != RD_KAFKA_RESP_ERR_NO_ERROR }
            guard let failed else { return }
            throw KafkaError(
                failed.error,
                doing: doing,
                topic: failed.partition.topic,
                partition: failed.partition.partition
            )
        }
    }
}
