internal import CLibrdkafka
import Kser

/// Owns a list of partitions, with an offset and an error each. It must be gone before the client is.
struct RDKafkaPartitionList: ~Copyable {
    /// One partition of a list.
    struct Element {
        var partition: TopicPartition
        var offset: Int64
        var error: rd_kafka_resp_err_t
    }

    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    /// An empty list.
    init(capacity: Int = 8) { pointer = rd_kafka_topic_partition_list_new(Int32(clamping: capacity)) }

    /// Takes a list over.
    init(owning pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) { self.pointer = pointer }

    deinit { rd_kafka_topic_partition_list_destroy(pointer) }

    /// Adds a partition.
    func append(_ partition: TopicPartition, offset: Int64? = nil) {
        guard let element = rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.partition) else {
            return
        }
        if let offset { element.pointee.offset = offset }
    }

    /// Adds a topic as a whole, to subscribe to.
    func append(topic: String) { rd_kafka_topic_partition_list_add(pointer, topic, RD_KAFKA_PARTITION_UA) }

    /// What the list holds.
    var elements: [Element] { Self.elements(of: pointer) }

    /// What a list that belongs to someone else holds.
    static func elements(of list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> [Element] {
        (0..<Int(list.pointee.cnt)).compactMap { index in
            guard let element = list.pointee.elems?[index] else { return nil }
            let topic = element.topic.map { String(cString: $0) } ?? ""
            return Element(
                partition: TopicPartition(topic: topic, partition: element.partition),
                offset: element.offset,
                error: element.err
            )
        }
    }
}
