public import Kser
import Synchronization

/// Sends records in transactions: all of one and the offsets that it commits take effect together or not at all.
///
///     let producer = try TransactionalProducer(configuration, id: "mailers-1")
///     try await producer.send(contentsOf: [debit, credit])                      // both or none
///
/// A ``/Kser/Worker`` with `WorkerOptions.transactions` sends all that comes of its messages through one, so that
/// consuming, processing and producing is exactly once for readers with
/// ``ConsumerConfiguration/Isolation/readCommitted``. By hand:
///
///     for try await record in partition {
///         try await producer.commit(results(of: record), completing: [PartitionProgress(partition, after: record)])
///         partition.complete(record)
///     }
///
/// A transaction takes some milliseconds however many records it has, and they follow one another: many records in few
/// transactions are fast, and ``send(_:)``, a transaction for one record, is slow. In a handler of a worker with
/// transactions ``send(_:)`` and ``enqueue(_:)`` only keep the record for the transaction of the handler's message, and
/// return no offset.
public final class TransactionalProducer: TransactionalMessageProducer {
    /// Turns messages into record values.
    public let codec: any MessageCodec
    /// Where kser's producer lines and librdkafka's lines go.
    public let logger: KserLogger
    /// ``ProducerConfiguration/messageMaxBytes``.
    public let recordSizeLimit: RecordSizeLimit?
    /// The identity that was given.
    public let id: String
    private let core: ProducerCore
    private let queue: TransactionQueue

    /// Makes a producer; it connects in the background.
    ///
    /// - Parameters:
    ///   - configuration: the settings; ``ProducerConfiguration/transactionTimeout`` is one of them.
    ///   - id: the identity (librdkafka's `transactional.id`): each process that runs at the same time has its own, and
    ///     the same again after a restart. A producer shuts out the one before it of the same identity, and aborts what
    ///     that one left open; otherwise readers wait for the timeout.
    ///   - codec: turns messages into record values.
    ///   - logger: takes kser's producer lines and, as `kser.kafka`, librdkafka's.
    /// - Throws: ``KafkaError`` that names the setting that is missing or refused.
    public init(
        _ configuration: ProducerConfiguration,
        id: String,
        codec: any MessageCodec = JSONMessageCodec(),
        logger: KserLogger = .none
    ) throws {
        if id.isEmpty { throw KafkaError(.configuration, "setting id: it is empty") }
        var configuration = configuration
        configuration.transactionalID = id
        self.id = id
        self.codec = codec
        self.logger = logger
        recordSizeLimit = configuration.recordSizeLimit
        core = try ProducerCore(configuration, logger: logger)
        queue = TransactionQueue(core, configuration)
        try core.start()
    }

    deinit { core.beginClose() }

    /// Ends what an earlier producer of the same ``id`` left open, and shuts that one out. The first transaction does
    /// it otherwise.
    ///
    /// - Throws: ``KafkaError`` when the brokers do not answer within ``ProducerConfiguration/transactionTimeout``, or
    ///   refuse; `CancellationError`.
    public func prepare() async throws { try await queue.run { try await $0.prepare() } }

    /// Sends records and commits offsets in one transaction; see ``/Kser/TransactionalMessageProducer``.
    ///
    /// - Throws: ``KafkaError`` when nothing took effect, which says why; after a fatal one that is open, and the
    ///   producer is of no further use. `CancellationError` at once when the task is cancelled; the transaction goes on
    ///   then.
    @discardableResult
    public func commit(
        _ records: [ProducerRecord],
        completing progress: [PartitionProgress] = []
    ) async throws -> [RecordMetadata] {
        try await queue.run { transactions in
            try await transactions.prepare()
            return try await transactions.commit(records, progress)
        }
    }

    /// Sends records in one transaction.
    ///
    /// - Returns: where they came to stand, in the order given.
    /// - Throws: as ``commit(_:completing:)``.
    @discardableResult
    public func send(contentsOf records: some Sequence<ProducerRecord>) async throws -> [RecordMetadata] {
        guard let outbox = Outbox.current(of: self) else { return try await commit(Array(records)) }
        return try records.map { record in
            try outbox.append(record)
            return RecordMetadata(pending: record)
        }
    }

    /// Sends a record in a transaction of its own, or keeps it for the transaction of the message that is being
    /// handled.
    ///
    /// - Returns: where the record came to stand; a record that is kept has no offset.
    /// - Throws: as ``commit(_:completing:)``.
    @discardableResult
    public func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        try await send(contentsOf: [record]).first ?? RecordMetadata(pending: record)
    }

    /// Waits for the transaction that is open, at most ``ProducerConfiguration/closeTimeout``, and ends the producer.
    /// Transactions not begun then fail with ``KafkaError/Code/closed``. It may be called again.
    public func close() async {
        await queue.close()
        core.beginClose()
        await core.closed()
    }
}
