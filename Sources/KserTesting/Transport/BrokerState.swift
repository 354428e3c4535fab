import Kser

extension TopicPartition {
    init(_ topic: String, _ partition: Int32) { self.init(topic: topic, partition: partition) }
}

/// A partition that a consumer reads: how far, and whether it may go on.
struct Reading: Sendable {
    let stream: PartitionStream
    let consumer: InMemoryConsumer
    var position: Int
    var isPaused = false
    /// Takes the partition back at the drain deadline.
    var deadline: Task<Void, Never>?
}

/// The consumers that share topics, and what they committed.
struct Group: Sendable {
    var members: [InMemoryConsumer] = []
    var committed: [TopicPartition: Int64] = [:]
    var readings: [TopicPartition: Reading] = [:]
    /// Why commits to come are refused, the next one first.
    var refusals: [any Error] = []

    /// Commits the offsets together, unless it is to be refused.
    mutating func commit(_ offsets: [TopicPartition: Int64]) throws {
        if offsets.isEmpty { return }
        if !refusals.isEmpty { throw refusals.removeFirst() }
        committed.merge(offsets) { $1 }
    }
}

/// Everything the broker holds: pure data, changed under its lock.
struct BrokerState: Sendable {
    private(set) var topics: [String: [[Record]]] = [:]
    var groups: [String: Group] = [:]
    /// Who is told of each record that is appended, by number.
    var followers: [Int: AsyncStream<Void>.Continuation] = [:]
    private var lastFollower = 0
    private var turn: Int32 = 0
    private var isFeeding = false

    mutating func createTopic(_ name: String, partitions: Int) {
        if topics[name] == nil { topics[name] = Array(repeating: [], count: max(1, partitions)) }
    }

    /// Appends a record; the time, in milliseconds since 1970, is for one that has none.
    mutating func append(_ record: ProducerRecord, at time: Int64) -> RecordMetadata {
        let timestamp = record.timestamp ?? time
        createTopic(record.topic, partitions: 1)
        let count = topics[record.topic]?.count ?? 1
        let partition = choosePartition(for: record, of: count)
        let offset = Int64(topics[record.topic]?[partition].count ?? 0)
        topics[record.topic]?[partition].append(
            Record(
                topic: record.topic,
                partition: Int32(partition),
                offset: offset,
                timestamp: timestamp,
                key: record.key,
                value: record.value,
                headers: record.headers
            )
        )
        return RecordMetadata(
            topic: record.topic,
            partition: Int32(partition),
            offset: offset,
            timestamp: timestamp
        )
    }

    /// Has a follower told of records from now on.
    ///
    /// - Returns: its number.
    mutating func addFollower(_ follower: AsyncStream<Void>.Continuation) -> Int {
        lastFollower += 1
        followers[lastFollower] = follower
        return lastFollower
    }

    private mutating func choosePartition(for record: ProducerRecord, of count: Int) -> Int {
        if let partition = record.partition { return min(max(Int(partition), 0), count - 1) }
        if let key = record.key {
            return Int(key.reduce(UInt32(5_381)) { ($0 &* 33) ^ UInt32($1) } % UInt32(count))
        }
        turn &+= 1
        return Int(turn.magnitude) % count
    }

    /// The next records of every stream that has room, after the ones just offered; nil when there are none or another
    /// caller is at it and will see them.
    mutating func nextBatches(
        after offered: [(stream: PartitionStream, pressure: PartitionStream.Pressure)]
    ) -> [(stream: PartitionStream, records: [Record])]? {
        if offered.isEmpty && isFeeding { return nil }
        for (stream, pressure) in offered where pressure == .pause { setPaused(true, stream) }
        var batches: [(stream: PartitionStream, records: [Record])] = []
        for group in groups.keys {
            for (place, reading) in groups[group]?.readings ?? [:] where !reading.isPaused {
                let records = topics[place.topic]?[Int(place.partition)] ?? []
                guard reading.position < records.count, !reading.stream.isEnded else { continue }
                let end = min(records.count, reading.position + 256)
                groups[group]?.readings[place]?.position = end
                batches.append((reading.stream, Array(records[reading.position..<end])))
            }
        }
        isFeeding = !batches.isEmpty
        return batches.isEmpty ? nil : batches
    }

    /// Changes whether a partition may be read on; the stream has room again when its buffer says so in the meantime.
    mutating func setPaused(_ isPaused: Bool, _ stream: PartitionStream) {
        let place = TopicPartition(stream.topic, stream.partition)
        for group in groups.keys where groups[group]?.readings[place]?.stream === stream {
            groups[group]?.readings[place]?.isPaused = isPaused && stream.isFull
        }
    }
}
