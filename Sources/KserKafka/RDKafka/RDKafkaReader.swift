internal import CLibrdkafka
import Kser

/// A client that reads one partition from an offset on, as a member of no group. One thread at a time uses it.
final class RDKafkaReader: Sendable {
    private let client: RDKafkaClient
    private let place: TopicPartition

    init(
        _ configuration: ConsumerConfiguration,
        at place: TopicPartition,
        from offset: Int64,
        logger: KserLogger
    ) throws(KafkaError) {
        let settings = RDKafkaSettings()
        try settings.set(try configuration.properties())
        try settings.set([RDKafkaProperty("enable.partition.eof", "true")])
        client = try RDKafkaClient(RD_KAFKA_CONSUMER, settings, events: RDKafkaEvents(logger: logger))
        rd_kafka_poll_set_consumer(client.pointer)
        self.place = place
        let list = RDKafkaPartitionList(capacity: 1)
        list.append(place, offset: offset)
        let error = rd_kafka_assign(client.pointer, list.pointer)
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw KafkaError(error, doing: doing, topic: place.topic, partition: place.partition)
        }
    }

    private var doing: String { "reading \(place.topic)[\(place.partition)]" }

    /// Waits for records and takes what is there.
    ///
    /// - Parameter timeout: how long to wait for the first.
    /// - Returns: the next records, and whether the partition holds no more.
    /// - Throws: ``KafkaError`` when the partition cannot be read or nothing comes in time.
    func read(timeout: Duration) throws(KafkaError) -> (records: [Record], isAtEnd: Bool) {
        let batch = RDKafkaBatch(capacity: 1)
        let deadline = ContinuousClock.now + timeout
        var records: [Record] = []
        while records.count < 256 {
            guard let message = rd_kafka_consumer_poll(client.pointer, records.isEmpty ? 100 : 0) else {
                if !records.isEmpty { break }
                if ContinuousClock.now >= deadline { throw noAnswer() }
                continue
            }
            defer { rd_kafka_message_destroy(message) }
            switch message.pointee.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR: records.append(batch.record(message))
            case RD_KAFKA_RESP_ERR__PARTITION_EOF: return (records, true)
            // Errors that librdkafka mends by itself; the deadline ends what it cannot.
            case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE: continue
            default: throw KafkaError(consuming: message, group: nil)
            }
        }
        return (records, false)
    }

    private func noAnswer() -> KafkaError {
        guard let failure = client.events.lastFailure else {
            return KafkaError(
                RD_KAFKA_RESP_ERR__TIMED_OUT,
                doing: doing,
                topic: place.topic,
                partition: place.partition
            )
        }
        return KafkaError(failure.code, doing: doing, reason: failure.reason, topic: place.topic)
    }
}
