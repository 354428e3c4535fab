/// Sends messages that no handler took to a topic beside their own, byte for byte, with the reason in headers.
///
/// The headers are spring-kafka's (`kafka_dlt-…`, whose integers are big-endian bytes), so that its tools read them, and
/// `kser_dlt-reason`.
public struct DeadLetterTopic: Sendable {
    /// What is added to a topic's name to make the name of its dead-letter topic.
    public var suffix: String
    private let producer: any MessageProducer

    /// Makes dead letters that go to `<topic><suffix>`.
    public init(suffix: String = "-dlt", with producer: any MessageProducer) {
        self.suffix = suffix
        self.producer = producer
    }

    /// Hands the record to the producer, with its key, value and headers.
    func send(_ record: Record, refusal: Dispatch.Refusal, result: ExecutionResult) async throws
        -> Delivery
    {
        var headers = record.headers
        headers.append(Record.Header("kafka_dlt-original-topic", text: record.topic))
        headers.append(Record.Header("kafka_dlt-original-partition", bigEndianBytes(of: record.partition)))
        headers.append(Record.Header("kafka_dlt-original-offset", bigEndianBytes(of: record.offset)))
        if let timestamp = record.timestamp {
            headers.append(Record.Header("kafka_dlt-original-timestamp", bigEndianBytes(of: timestamp)))
        }
        headers.append(Record.Header("kafka_dlt-exception-message", text: result.stderr))
        headers.append(Record.Header("kser_dlt-reason", text: refusal.rawValue))
        return try await producer.enqueue(
            ProducerRecord(topic: record.topic + suffix, key: record.key, value: record.value, headers: headers)
        )
    }

    private func bigEndianBytes(of integer: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: integer.bigEndian) { Array($0) }
    }
}
