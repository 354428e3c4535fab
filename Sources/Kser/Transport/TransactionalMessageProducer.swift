/// A producer whose records and the offsets of the records that they come from take effect together or not at all.
///
/// With a transport that has it, consuming, processing and producing is exactly once for readers that read only what is
/// committed. `KserKafka` has `TransactionalProducer`, `KserTesting` the producer of its in-memory broker.
public protocol TransactionalMessageProducer: AnyObject, MessageProducer {
    /// Ends what an earlier producer of the same identity left open, and shuts that one out. It may be called again;
    /// the first transaction does it otherwise.
    ///
    /// - Throws: why the transport is not ready for transactions.
    func prepare() async throws

    /// Sends records and commits offsets in one transaction.
    ///
    /// The partitions' consumer commits nothing of theirs by itself from then on. Complete the records in their
    /// partitions after this returned, so that a revocation waits for it.
    ///
    /// - Parameters:
    ///   - records: what to send; may be empty.
    ///   - progress: how far the partitions are done that the records come from, which one consumer reads. May be
    ///     empty.
    /// - Returns: where the records came to stand, in the order given.
    /// - Throws: why nothing took effect. An error that is fatal leaves that open, and the producer is of no further
    ///   use. `CancellationError` at once when the task is cancelled; the transaction goes on then, and may be
    ///   committed.
    @discardableResult
    func commit(
        _ records: [ProducerRecord],
        completing progress: [PartitionProgress]
    ) async throws -> [RecordMetadata]
}

/// How far the records of an assigned partition are done.
public struct PartitionProgress: Sendable {
    /// The partition, as its consumer handed it out.
    public var partition: PartitionStream
    /// The offset to go on with: of the first record that is not done.
    public var offset: Int64

    /// Makes the progress of a partition.
    public init(_ partition: PartitionStream, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }

    /// The progress of a partition whose records are done up to this one, it included, and the markers of transactions behind
    /// it as far as they are known.
    public init(_ partition: PartitionStream, after record: Record) {
        self.init(partition, offset: partition.following(record))
    }
}
