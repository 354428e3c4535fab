internal import CLibrdkafka
import Kser

/// A client that reads partitions of a topic from offsets on, as a member of no group. One thread at a time uses it.
final class RDKafkaReader: Sendable {
    private let client: RDKafkaClient
    private let queue: RDKafkaQueue
    private let topic: String
    private let maxRecordBytes: Int

    init(
        _ configuration: ConsumerConfiguration,
        of topic: String,
        from offsets: [Int32: Int64],
        logger: KserLogger
    ) throws(KafkaError) {
        var settings = RDKafkaSettings()
        try settings.set(try configuration.properties())
        client = try RDKafkaClient(RD_KAFKA_CONSUMER, settings, events: RDKafkaEvents(logger: logger))
        rd_kafka_poll_set_consumer(client.pointer)
        guard let pointer = rd_kafka_queue_get_consumer(client.pointer) else {
            throw KafkaError(.configuration, "setting groupID: librdkafka made no consumer of it")
        }
        queue = RDKafkaQueue(pointer, of: client)
        self.topic = topic
        maxRecordBytes = configuration.maxRecordBytes
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
        let deadline = ContinuousClock.now + timeout
        repeat {
            let (records, isAtEnd) = try take(until: deadline)
            if isAtEnd || !records.isEmpty { return (records, isAtEnd) }
        } while ContinuousClock.now < deadline
        throw client.failure(RD_KAFKA_RESP_ERR__TIMED_OUT, doing: doing, topic: topic)
    }

    /// Waits for records and takes what is there.
    ///
    /// - Parameter timeout: how long to wait for the first.
    /// - Returns: the next records; none when none came in time.
    /// - Throws: ``KafkaError`` when the topic cannot be read.
    func wait(atMost timeout: Duration) throws(KafkaError) -> [Record] {
        let deadline = ContinuousClock.now + timeout
        var records: [Record] = []
        repeat { records = try take(until: deadline).records } while records.isEmpty && ContinuousClock.now < deadline
        return records
    }

    private func take(until deadline: ContinuousClock.Instant) throws(KafkaError) -> (records: [Record], isAtEnd: Bool)
    {
        let left = ContinuousClock.now.duration(to: deadline).wholeMilliseconds
        let content = RDKafkaBatch(maxRecordBytes: maxRecordBytes).read(queue, timeout: max(1, left))
        for error in content.errors {
            switch rd_kafka_resp_err_t(error.rdKafkaCode) {
            // Errors that librdkafka mends by itself; the deadline ends what it cannot.
            case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE: break
            default: throw error
            }
        }
        if !content.records.isEmpty { client.events.recovered() }
        return (content.records, content.end != nil)
    }
}
