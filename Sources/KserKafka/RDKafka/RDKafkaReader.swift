internal import CLibrdkafka
import Kser

/// A client that reads partitions of a topic from offsets on, as a member of no group. One thread at a time uses it.
final class RDKafkaReader: Sendable {
    private let client: RDKafkaClient
    private let topic: String

    init(
        _ configuration: ConsumerConfiguration,
        of topic: String,
        from offsets: [Int32: Int64],
        logger: KserLogger
    ) throws(KafkaError) {
        let settings = RDKafkaSettings()
        try settings.set(try configuration.properties())
        client = try RDKafkaClient(RD_KAFKA_CONSUMER, settings, events: RDKafkaEvents(logger: logger))
        rd_kafka_poll_set_consumer(client.pointer)
        self.topic = topic
        let list = RDKafkaPartitionList(capacity: offsets.count)
        for (partition, offset) in offsets {
            list.append(TopicPartition(topic: topic, partition: partition), offset: offset)
        }
        let error = rd_kafka_assign(client.pointer, list.pointer)
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(error, doing: doing, topic: topic) }
    }

    private var doing: String { "reading topic \"\(topic)\"" }

    /// Waits for records of the one partition and takes what is there.
    ///
    /// - Parameter timeout: how long to wait for the first.
    /// - Returns: the next records, and whether the partition holds no more.
    /// - Throws: ``KafkaError`` when the partition cannot be read or nothing comes in time.
    func read(timeout: Duration) throws(KafkaError) -> (records: [Record], isAtEnd: Bool) {
        let (records, isAtEnd) = try take(atMost: timeout, untilEnd: true)
        if records.isEmpty, !isAtEnd { throw noAnswer() }
        return (records, isAtEnd)
    }

    /// Waits for records and takes what is there.
    ///
    /// - Parameter timeout: how long to wait for the first.
    /// - Returns: the next records; none when none came in time.
    /// - Throws: ``KafkaError`` when the topic cannot be read.
    func wait(atMost timeout: Duration) throws(KafkaError) -> [Record] {
        try take(atMost: timeout, untilEnd: false).records
    }

    private func take(
        atMost timeout: Duration,
        untilEnd: Bool
    ) throws(KafkaError) -> (records: [Record], isAtEnd: Bool) {
        let batch = RDKafkaBatch(capacity: 1)
        let deadline = ContinuousClock.now + timeout
        var records: [Record] = []
        while records.count < 256 {
            let left = ContinuousClock.now.duration(to: deadline)
            guard let message = rd_kafka_consumer_poll(client.pointer, records.isEmpty ? left.wholeMilliseconds : 0)
            else {
                if !records.isEmpty || left <= .zero { break }
                continue
            }
            defer { rd_kafka_message_destroy(message) }
            switch message.pointee.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR: records.append(batch.record(message))
            case RD_KAFKA_RESP_ERR__PARTITION_EOF where untilEnd: return (records, true)
            case RD_KAFKA_RESP_ERR__PARTITION_EOF: continue
            // Errors that librdkafka mends by itself; the deadline ends what it cannot.
            case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE: continue
            default: throw KafkaError(consuming: message, group: nil)
            }
        }
        return (records, false)
    }

    private func noAnswer() -> KafkaError {
        guard let failure = client.events.lastFailure else {
            return KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, doing: doing, topic: topic)
        }
        return KafkaError(failure.code, doing: doing, reason: failure.reason, topic: topic)
    }
}
