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
///
/// What goes wrong with Kafka can be had too: a handler that outlives the drain deadline loses its partition, as
/// ``makeConsumer(topics:group:buffer:drainTimeout:)`` says; ``refuseCommits(_:of:with:)`` and
/// ``InMemoryConsumer/losePartitions()`` make messages come again.
public final class InMemoryBroker: Sendable {
    let state = Mutex(BrokerState())
    let clock: WorkerClock

    /// Makes a broker without topics.
    ///
    /// - Parameter clock: stamps records that have no timestamp, and times drain deadlines.
    public init(clock: WorkerClock = .system) { self.clock = clock }

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
    ///   - drainTimeout: how long a partition that is to be given up waits for what is in work. Then its next owner begins
    ///     where the group has committed, and what is completed later is committed no more.
    /// - Returns: the consumer.
    public func makeConsumer(
        topics: [String],
        group: String,
        buffer: Int = 1_000,
        drainTimeout: Duration = .seconds(10)
    ) -> InMemoryConsumer {
        InMemoryConsumer(broker: self, topics: topics, group: group, buffer: buffer, drainTimeout: drainTimeout)
    }

    /// Refuses the next commits of a group, those of transactions too, as a broker does while the group rebalances.
    /// ``InMemoryConsumer/commit()`` throws then, and tries the offsets again when it is called again; a partition that is
    /// given up goes to its next owner uncommitted; a transaction has no effect.
    ///
    /// - Parameters:
    ///   - count: how many commits with offsets are refused.
    ///   - group: whose.
    ///   - error: what the commits throw.
    public func refuseCommits(
        _ count: Int = 1,
        of group: String,
        with error: any Error = KserError.io("The group is rebalancing")
    ) {
        state.withLock {
            $0.groups[group, default: Group()].refusals += Array(repeating: error, count: max(0, count))
        }
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
        let time = clock.now()
        let (metadata, followers) = state.withLock { ($0.append(record, at: time), Array($0.followers.values)) }
        feed()
        for follower in followers { follower.yield() }
        return metadata
    }

    /// Appends records and commits offsets, all at once.
    func commit(_ records: [ProducerRecord], _ progress: [PartitionProgress]) throws -> [RecordMetadata] {
        var offsets: [String: [TopicPartition: Int64]] = [:]
        for done in progress {
            let stream = done.partition
            guard let consumer = stream.owner as? InMemoryConsumer, consumer.isOf(self) else {
                throw KserError.validation("\(stream.topic) is not a topic of this broker")
            }
            guard stream.enterTransaction() else {
                throw KserError.io("\(stream.place) was taken away before its offset could be committed")
            }
            stream.leaveTransaction()
            offsets[consumer.group, default: [:]][stream.place] = done.offset
        }
        let time = clock.now()
        let metadata = try state.withLock { state in
            for (group, offsets) in offsets { try state.groups[group]?.commit(offsets) }
            return records.map { state.append($0, at: time) }
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
