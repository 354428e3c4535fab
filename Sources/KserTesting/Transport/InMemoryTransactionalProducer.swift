public import Kser

/// A producer of an ``InMemoryBroker`` whose transactions are committed at once: what workers with transactions send
/// and commit takes effect together.
public final class InMemoryTransactionalProducer: TransactionalMessageProducer {
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

    /// Does nothing: nothing is ever left open.
    public func prepare() async throws {}

    /// Appends the records and commits the offsets.
    ///
    /// - Throws: ``/Kser/KserError`` when a partition is not one of this broker's, or was taken away; what
    ///   ``InMemoryBroker/refuseCommits(_:of:with:)`` says. Nothing took effect then.
    @discardableResult
    public func commit(
        _ records: [ProducerRecord],
        completing progress: [PartitionProgress] = []
    ) async throws -> [RecordMetadata] {
        try broker.commit(records, progress)
    }

    /// Appends the record to its topic, or keeps it for the transaction of the message that is being handled.
    @discardableResult
    public func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        guard let outbox = Outbox.current(of: self) else {
            return try await commit([record]).first ?? RecordMetadata(pending: record)
        }
        try outbox.append(record)
        return RecordMetadata(pending: record)
    }
}
