internal import CLibrdkafka
import Kser

/// What a group knows a consumer by: its member id and the generation that its partitions are of.
final class RDKafkaGroupMetadata: @unchecked Sendable {
    // Unchecked: nobody changes the C object.
    fileprivate let pointer: OpaquePointer

    /// Takes over an object of librdkafka's.
    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { rd_kafka_consumer_group_metadata_destroy(pointer) }
}

/// Why a call of a transaction failed, and what has to be done about it.
struct TransactionFailure: Error {
    enum Remedy {
        /// The same call, again.
        case repeating
        /// Aborting the transaction.
        case aborting
        /// None: the producer is of no further use.
        case none
    }

    var error: KafkaError
    var remedy: Remedy
}

// The calls of a transaction. All block: for a thread that may.
extension RDKafkaProducer {
    /// Ends what an earlier producer of the same id left open, and shuts it out.
    ///
    /// - Throws: ``TransactionFailure``; after a timeout the same call goes on with it.
    func initTransactions(timeout milliseconds: Int32) throws(TransactionFailure) {
        try check(rd_kafka_init_transactions(client.pointer, milliseconds), "preparing transactions")
    }

    /// Begins a transaction, which records are part of from then on.
    func beginTransaction() throws(TransactionFailure) {
        try check(rd_kafka_begin_transaction(client.pointer), "beginning a transaction")
    }

    /// Makes offsets part of the transaction.
    func sendOffsets(
        _ offsets: [(place: TopicPartition, offset: Int64)],
        of group: RDKafkaGroupMetadata
    ) throws(TransactionFailure) {
        let list = RDKafkaPartitionList(capacity: offsets.count)
        for (place, offset) in offsets { list.append(place, offset: offset) }
        try check(
            rd_kafka_send_offsets_to_transaction(client.pointer, list.pointer, group.pointer, -1),
            "adding offsets to a transaction"
        )
    }

    /// Waits until all records are delivered and the transaction is committed.
    func commitTransaction() throws(TransactionFailure) {
        try check(rd_kafka_commit_transaction(client.pointer, -1), "committing a transaction")
    }

    /// Gives up what is not delivered and aborts the transaction.
    func abortTransaction() throws(TransactionFailure) {
        try check(rd_kafka_abort_transaction(client.pointer, -1), "aborting a transaction")
    }

    private func check(_ error: OpaquePointer?, _ doing: String) throws(TransactionFailure) {
        guard let error else { return }
        let isAbortable = rd_kafka_error_txn_requires_abort(error) != 0
        let isRepeatable = rd_kafka_error_is_retriable(error) != 0
        var failure = KafkaError(consuming: error, doing: doing)
        if !isAbortable, !isRepeatable, let fatal = client.fatalFailure {
            failure = KafkaError(fatal.code, doing: doing, reason: fatal.reason)
        }
        // librdkafka's advice for errors that are neither abortable nor retriable is to treat them as fatal.
        failure.isFatal = !isAbortable && !isRepeatable
        failure.isRetriable = !failure.isFatal
        throw TransactionFailure(
            error: failure,
            remedy: isAbortable ? .aborting : isRepeatable ? .repeating : .none
        )
    }
}
