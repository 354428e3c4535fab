/// Records of one partition that were read together.
package struct PartitionBatch: Sendable {
    package let stream: PartitionStream
    package let records: [Record]
    package let bytes: Int
}

extension PartitionBatch {
    /// A batch of these records.
    init(stream: PartitionStream, records: [Record]) {
        self.init(stream: stream, records: records, bytes: records.reduce(0) { $0 + $1.footprint })
    }
}

/// Who reads a partition and commits its offsets. The calls come from any thread and must not block.
package protocol PartitionOwner: AnyObject, Sendable {
    /// The buffer of a paused partition fell to its low mark.
    func partitionHasRoom(_ stream: PartitionStream)

    /// Nothing is in work any more in a stream that ended.
    func partitionBecameIdle(_ stream: PartitionStream)

    /// The offset that the partition's next record will have, as far as it is known without asking the brokers.
    func end(of stream: PartitionStream) -> Int64?
}

extension PartitionOwner {
    /// Nil: not known.
    package func end(of stream: PartitionStream) -> Int64? { nil }
}
