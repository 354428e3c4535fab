import Synchronization

/// Keeps what a handler sends through a transactional producer until its message's transaction.
package final class Outbox: Sendable {
    private struct State {
        var records: [ProducerRecord] = []
        var isClosed = false
    }

    /// The outbox of the message that the current task handles; nil outside a worker with transactions.
    @TaskLocal static var current: Outbox?

    private let owner: any TransactionalMessageProducer
    private let state = Mutex(State())

    init(of owner: any TransactionalMessageProducer) { self.owner = owner }

    /// Where a producer's records are kept; nil when they are to be sent.
    package static func current(of producer: AnyObject) -> Outbox? {
        current.flatMap { $0.owner === producer ? $0 : nil }
    }

    /// Keeps a record.
    ///
    /// - Throws: ``KserError`` when the handler has ended, so that the record would be in no transaction.
    package func append(_ record: ProducerRecord) throws {
        let isKept = state.withLock { state in
            if !state.isClosed { state.records.append(record) }
            return !state.isClosed
        }
        if isKept { return }
        throw KserError.internal(
            "A record for topic \"\(record.topic)\" was sent after the handler had ended, too late for its transaction"
        )
    }

    /// Takes no more records.
    ///
    /// - Returns: those that were kept.
    func close() -> [ProducerRecord] {
        state.withLock { state in
            state.isClosed = true
            defer { state.records = [] }
            return state.records
        }
    }
}

extension RecordMetadata {
    /// Of a record that waits for its transaction: it has no offset, nor a partition unless one was asked for.
    package init(pending record: ProducerRecord) {
        self.init(topic: record.topic, partition: record.partition ?? -1, offset: nil, timestamp: record.timestamp)
    }
}
