public import Kser

/// A producer of an ``InMemoryBroker``: every record is delivered at once.
public struct InMemoryProducer: MessageProducer {
    private let broker: InMemoryBroker
    /// How messages become record values.
    public let codec: any MessageCodec
    /// Where kser's producer lines go.
    public let logger: KserLogger

    init(broker: InMemoryBroker, codec: any MessageCodec, logger: KserLogger) {
        self.broker = broker
        self.codec = codec
        self.logger = logger
    }

    /// Appends the record to its topic.
    @discardableResult
    public func send(_ record: ProducerRecord) async throws -> RecordMetadata { broker.append(record) }
}
