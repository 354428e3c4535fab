public import Kser
import Synchronization

/// A broker without Kafka, in memory: topics with partitions, groups that share them, committed offsets.
///
/// It delivers in microseconds, so handlers, controllers and workers are tested at full speed:
///
///     let broker = InMemoryBroker()
///     broker.createTopic("dice", partitions: 3)
///     let producer = broker.makeProducer()
///     let worker = Worker(consumer: broker.makeConsumer(topics: ["dice"], group: "g"), controller: controller)
///
/// A topic that is used before it is created gets one partition. Nothing is ever deleted.
public final class InMemoryBroker: Sendable {
    let state = Mutex(BrokerState())

    /// Makes a broker without topics.
    public init() {}

    /// Creates a topic; one that exists stays as it is.
    public func createTopic(_ name: String, partitions: Int = 1) {
        state.withLock { $0.createTopic(name, partitions: partitions) }
    }

    /// A producer that writes into this broker.
    ///
    /// - Parameters:
    ///   - codec: how messages become record values.
    ///   - logger: where kser's producer lines go.
    /// - Returns: the producer; any number may write at once.
    public func makeProducer(
        codec: any MessageCodec = JSONMessageCodec(),
        logger: KserLogger = .none
    ) -> InMemoryProducer {
        InMemoryProducer(broker: self, codec: codec, logger: logger)
    }

    /// A producer that writes into this broker in transactions.
    ///
    /// - Parameters:
    ///   - codec: how messages become record values.
    ///   - logger: where kser's producer lines go.
    /// - Returns: the producer, for one worker.
    public func makeTransactionalProducer(
        codec: any MessageCodec = JSONMessageCodec(),
        logger: KserLogger = .none
    ) -> InMemoryTransactionalProducer {
        InMemoryTransactionalProducer(broker: self, codec: codec, logger: logger)
    }

    /// A consumer of this broker; it joins its group when it is iterated.
    ///
    /// - Parameters:
    ///   - topics: the topics to read, from the group's committed offsets or from their beginning.
    ///   - group: the consumers that share the partitions.
    ///   - buffer: how many records a partition may hold before reading stops.
    /// - Returns: the consumer.
    public func makeConsumer(topics: [String], group: String, buffer: Int = 1_000) -> InMemoryConsumer {
        InMemoryConsumer(broker: self, topics: topics, group: group, buffer: buffer)
    }

    /// The records of a topic so far, by partition and offset.
    public func records(in topic: String) -> [Record] {
        state.withLock { $0.topics[topic]?.flatMap { $0 } ?? [] }
    }

    /// The offset that a group committed for a partition; nil before its first commit.
    public func committedOffset(group: String, topic: String, partition: Int32 = 0) -> Int64? {
        state.withLock { $0.groups[group]?.committed[TopicPartition(topic, partition)] }
    }

    /// Appends a record, and hands it on to who reads its partition.
    @discardableResult
    func append(_ record: ProducerRecord) -> RecordMetadata {
        let (metadata, followers) = state.withLock { ($0.append(record), Array($0.followers.values)) }
        feed()
        for follower in followers { follower.yield() }
        return metadata
    }

    /// Appends records and commits offsets, all at once.
    func commit(_ records: [ProducerRecord], _ progress: [PartitionProgress]) throws -> [RecordMetadata] {
        let offsets = try progress.map { done in
            guard let consumer = done.partition.owner as? InMemoryConsumer, consumer.isOf(self) else {
                throw KserError.validation("\(done.partition.topic) is not a topic of this broker")
            }
            _ = done.partition.enterTransaction()
            defer { done.partition.leaveTransaction() }
            let place = TopicPartition(done.partition.topic, done.partition.partition)
            return (consumer.group, place, done.offset)
        }
        let metadata = state.withLock { state in
            for (group, place, offset) in offsets { state.groups[group]?.committed[place] = offset }
            return records.map { state.append($0) }
        }
        feed()
        return metadata
    }

    /// Offers waiting records to the streams that have room. One caller at a time does it, so that order holds, and none
    /// under the lock.
    func feed() {
        var offered: [(stream: PartitionStream, pressure: PartitionStream.Pressure)] = []
        while let batches = state.withLock({ $0.nextBatches(after: offered) }) {
            offered = batches.map { ($0.stream, $0.stream.offer($0.records)) }
        }
    }
}
