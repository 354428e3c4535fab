/// The partitions of a consumer, each as it is assigned.
///
/// Iterating starts the consumer; it has one iterator, and dropping it (by leaving the loop) closes the consumer.
public struct PartitionSequence: AsyncSequence, Sendable {
    private let hub: StreamHub

    package init(_ hub: StreamHub) { self.hub = hub }

    /// Iterates over partitions.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let presence: Presence?

        fileprivate init(_ hub: StreamHub) {
            presence = hub.beginPartitions() ? Presence(hub) : nil
        }

        /// The next partition; nil when the consumer closed or the task is cancelled.
        ///
        /// - Throws: the error that ended the consumer.
        public mutating func next() async throws -> PartitionStream? {
            try await next(isolation: #isolation)
        }

        /// The next partition; nil when the consumer closed or the task is cancelled.
        ///
        /// - Throws: the error that ended the consumer.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> PartitionStream? {
            guard let presence else { throw KserError.internal("A consumer is iterated once; this is a second time") }
            return try await presence.hub.arrivals.next(isolation: actor)
        }
    }

    /// The one iterator; the first `next` of a further one throws.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(hub) }

    /// Tells the hub when the iterator is gone.
    private final class Presence {
        let hub: StreamHub
        init(_ hub: StreamHub) { self.hub = hub }
        deinit { hub.iteratorIsGone() }
    }
}
