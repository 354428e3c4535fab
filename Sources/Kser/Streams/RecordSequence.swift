/// The records of all partitions of a consumer in one sequence.
///
/// The body of the loop is the work: asking for the next record completes the last one, so a body that throws or leaves
/// the loop leaves its record to be delivered again. Work that outlives the body belongs into a loop over
/// ``RecordSource/partitions``, where each record is completed by hand.
public struct RecordSequence: AsyncSequence, Sendable {
    private let hub: StreamHub

    package init(_ hub: StreamHub) { self.hub = hub }

    /// Iterates over records.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let cursor: RecordCursor?

        fileprivate init(_ hub: StreamHub) {
            guard hub.beginMerged() else {
                cursor = nil
                return
            }
            cursor = RecordCursor(hub.merged, completesPrevious: true, onDrop: hub.iteratorIsGone)
        }

        /// The next record; nil when the consumer closed or the task is cancelled.
        ///
        /// - Throws: the error that ended the consumer.
        public mutating func next() async throws -> Record? {
            try await next(isolation: #isolation)
        }

        /// The next record; nil when the consumer closed or the task is cancelled.
        ///
        /// - Throws: the error that ended the consumer.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Record? {
            guard let cursor else { throw KserError.internal("A consumer is iterated once; this is a second time") }
            return try await cursor.next(isolation: actor)
        }
    }

    /// The one iterator; the first `next` of a further one throws.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(hub) }
}
