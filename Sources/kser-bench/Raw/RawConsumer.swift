import CLibrdkafka
import KserKafka

/// Reads topics from their beginning in the fastest way that librdkafka has: `rd_kafka_consume_batch_queue` in a loop.
///
/// It has librdkafka's own fetch settings, which suit it best: with the smaller queue that our consumer has, librdkafka
/// up to 2.1 stops for a second whenever that is full.
struct RawConsumer {
    /// Gives each message to a closure.
    ///
    /// - Returns: messages a second, from the first batch to the last.
    /// - Throws: what the closure throws; ``Misuse`` when librdkafka makes no client.
    static func drain(
        _ backlog: Backlog,
        _ handle: (UnsafePointer<rd_kafka_message_t>) throws -> Void = { _ in }
    ) throws -> Double {
        let client = try RawClient(
            RD_KAFKA_CONSUMER,
            [
                "bootstrap.servers": backlog.broker.bootstrapServers,
                "group.id": backlog.freshGroup().groupID,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": "false",
            ]
        )
        rd_kafka_poll_set_consumer(client.pointer)
        let partitions = rd_kafka_topic_partition_list_new(Int32(backlog.topics.count * backlog.partitions))
        for topic in backlog.topics {
            for partition in 0..<backlog.partitions {
                rd_kafka_topic_partition_list_add(partitions, topic, Int32(partition))
            }
        }
        rd_kafka_assign(client.pointer, partitions)
        rd_kafka_topic_partition_list_destroy(partitions)

        let queue = rd_kafka_queue_get_consumer(client.pointer)
        defer {
            rd_kafka_consumer_close(client.pointer)
            rd_kafka_queue_destroy(queue)
        }
        var messages = [UnsafeMutablePointer<rd_kafka_message_t>?](repeating: nil, count: 256)
        var span = Span(of: backlog.count)
        var isDone = false
        while !isDone {
            let count = rd_kafka_consume_batch_queue(queue, 10, &messages, messages.count)
            var arrived = 0
            for case let message? in messages.prefix(max(0, count)) {
                if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                    arrived += 1
                    try handle(message)
                }
                rd_kafka_message_destroy(message)
            }
            if arrived > 0 { isDone = span.note(arrived) }
        }
        return span.rate
    }
}
