import Foundation
import Kser
import Synchronization

/// The transactions of one producer; ``TransactionQueue`` sees to it that there is one at a time.
final class TransactionRunner: Sendable {
    private let core: ProducerCore
    private let timeout: Duration
    private let isPrepared = Atomic(false)
    private let isGivenUp = Atomic(false)

    init(_ core: ProducerCore, timeout: Duration) {
        self.core = core
        self.timeout = timeout
    }

    /// Repeats no call any more.
    func giveUp() { isGivenUp.store(true, ordering: .releasing) }

    /// Makes transactions possible, once.
    func prepare() async throws {
        if isPrepared.load(ordering: .acquiring) { return }
        let deadline = ContinuousClock.now + timeout
        try await onThread { [self] client in
            do {
                try repeating(until: deadline) { () throws(TransactionFailure) in
                    try client.initTransactions(timeout: 1_000)
                }
            } catch let error as KafkaError where error.code == .timedOut {
                throw client.connectionFailure(doing: "preparing transactions within transactionTimeout") ?? error
            }
        }
        isPrepared.store(true, ordering: .releasing)
    }

    /// Runs a transaction to its end.
    func commit(_ records: [ProducerRecord], _ progress: [PartitionProgress]) async throws -> [RecordMetadata] {
        do {
            return try await commit(records, progress, singly: false)
        } catch is BatchTooLarge {
            return try await commit(records, progress, singly: true)
        }
    }

    private func commit(
        _ records: [ProducerRecord],
        _ progress: [PartitionProgress],
        singly: Bool
    ) async throws -> [RecordMetadata] {
        do {
            return try await attempt(records, progress, singly: singly)
        } catch let error as KafkaError where (error.isGapInSequence || error.code == .abandoned) && !error.isFatal {
            // A record that a broker refused in the transaction before left the gap, for which librdkafka abandons what
            // comes next; with the abort it is gone.
            return try await attempt(records, progress, singly: singly)
        }
    }

    /// Tries once. Sent singly, each record is delivered, in a batch of its own, before the next one is sent.
    private func attempt(
        _ records: [ProducerRecord],
        _ progress: [PartitionProgress],
        singly: Bool
    ) async throws -> [RecordMetadata] {
        let offsets = try await TransactionOffsets(progress, core.calls)
        defer { offsets?.leave() }
        try await onThread { client in try client.beginTransaction() }
        var deliveries: [Promise<RecordMetadata>] = []
        deliveries.reserveCapacity(records.count)
        do {
            for record in records {
                do { deliveries.append(try await core.enqueue(record)) } catch let error as KafkaError {
                    throw error.of(record: deliveries.count)
                }
                if singly { _ = try await deliveries.last?.value() }
            }
            try await onThread { [self] client in
                if let offsets {
                    try offsets.check()
                    try repeating { () throws(TransactionFailure) in
                        try client.sendOffsets(offsets.list, of: offsets.group)
                    }
                }
                // A revocation waits for what is committed from here on.
                try offsets?.check()
                try repeating { () throws(TransactionFailure) in try client.commitTransaction() }
            }
        } catch {
            let error = try await abort(after: error, deliveries)
            // What was refused before it was sent was so for itself.
            let isSent = deliveries.count == records.count
            if isSent, !singly, records.count > 1, (error as? KafkaError)?.code == .messageTooLarge {
                throw BatchTooLarge()
            }
            throw error
        }
        var sent: [RecordMetadata] = []
        sent.reserveCapacity(deliveries.count)
        for delivery in deliveries { sent.append(try await delivery.value()) }
        return sent
    }

    /// Aborts the transaction, unless the producer is of no further use.
    ///
    /// - Returns: why the transaction failed.
    private func abort(after error: any Error, _ deliveries: [Promise<RecordMetadata>]) async throws -> any Error {
        if (error as? KafkaError)?.isFatal == true { return error }
        try await onThread { [self] client in
            try repeating { () throws(TransactionFailure) in try client.abortTransaction() }
        }
        // A record that was not delivered says more than the transaction, which it broke.
        for (index, delivery) in deliveries.enumerated() {
            do { _ = try await delivery.value() } catch let failure as KafkaError where failure.code != .abandoned {
                return failure.of(record: index)
            } catch {}
        }
        return error
    }

    private func repeating(
        until deadline: ContinuousClock.Instant? = nil,
        _ call: () throws(TransactionFailure) -> Void
    ) throws {
        while true {
            do { return try call() } catch {
                let isOver = deadline.map { ContinuousClock.now >= $0 } ?? isGivenUp.load(ordering: .acquiring)
                if error.remedy != .repeating || isOver { throw error.error }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
    }

    private func onThread(_ call: @escaping @Sendable (RDKafkaProducer) throws -> Void) async throws {
        let client = core.client
        try await core.calls.run {
            do { try call(client) } catch let failure as TransactionFailure { throw failure.error }
        }
    }
}

/// A broker refused a batch for its size, and with it all its records: one of them may be at fault, or none.
private struct BatchTooLarge: Error {}

extension KafkaError {
    /// The same, of a record of a transaction.
    fileprivate func of(record index: Int) -> KafkaError {
        var error = self
        error.failedIndices = [index]
        return error
    }
}

/// The offsets of a transaction, and the group that they are committed for.
private struct TransactionOffsets: Sendable {
    let group: RDKafkaGroupMetadata
    private let progress: [PartitionProgress]

    /// Nil when there are none to commit.
    ///
    /// - Throws: ``KafkaError`` when a partition may belong to another consumer by now, or is not Kafka's.
    init?(_ progress: [PartitionProgress], _ calls: CallThread) async throws {
        // The offsets of a stream whose partition went back are of records that are there no more.
        let progress = progress.filter { !$0.partition.isSuperseded }
        guard let first = progress.first else { return nil }
        guard let consumer = first.partition.owner as? ConsumerCore,
            progress.allSatisfy({ $0.partition.owner === consumer })
        else {
            throw KafkaError(.unsupported, "a transaction takes partitions of one Kafka consumer")
        }
        // In this order: partitions that are ours after it was asked were ours in that generation, and once another
        // has one of them the brokers refuse the generation.
        group = try await calls.run { try consumer.client.groupMetadata() }
        self.progress = progress
        for (index, done) in progress.enumerated() where !done.partition.enterTransaction() {
            for entered in progress[..<index] { entered.partition.leaveTransaction() }
            throw Self.revoked(done.partition)
        }
    }

    var list: [(place: TopicPartition, offset: Int64)] {
        progress.map { ($0.partition.place, $0.offset) }
    }

    /// - Throws: ``KafkaError`` when a partition is being given up, which waits for the transaction to end, or went back.
    func check() throws {
        let lost = progress.first { $0.partition.isReleased || $0.partition.isSuperseded }
        if let lost { throw Self.revoked(lost.partition) }
    }

    /// The transaction is over.
    func leave() { for done in progress { done.partition.leaveTransaction() } }

    private static func revoked(_ partition: PartitionStream) -> KafkaError {
        KafkaError(
            .revoked,
            "\(partition.topic)[\(partition.partition)] was taken away before its offset could be committed",
            topic: partition.topic,
            partition: partition.partition
        )
    }
}
