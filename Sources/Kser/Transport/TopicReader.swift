/// Reads what topics hold, outside any consumer group: `KserKafka`'s reader, or the in-memory broker of `KserTesting`.
public protocol TopicReader: Sendable {
    /// The offsets that a topic holds, by partition: from the first record to the one that comes next.
    ///
    /// - Throws: why they cannot be told, for example because there is no such topic.
    func offsets(of topic: String) async throws -> [Int32: Range<Int64>]

    /// Reads the records of a partition whose offsets are in the range, in order, and returns at its end.
    ///
    /// - Parameters:
    ///   - topic: the topic.
    ///   - partition: the partition.
    ///   - offsets: a part of what ``offsets(of:)`` tells. Offsets without a record are passed over.
    ///   - body: takes each record; false ends the reading.
    /// - Throws: why they cannot be read; what the body throws.
    func read(
        _ topic: String,
        partition: Int32,
        offsets: Range<Int64>,
        _ body: (Record) async throws -> Bool
    ) async throws

    /// Reads the records of partitions from these offsets on, and those to come, each partition in order.
    ///
    /// - Parameters:
    ///   - topic: the topic.
    ///   - offsets: where to begin, by partition; partitions that are not in it are not read.
    ///   - body: takes each record.
    /// - Throws: `CancellationError` when the task is cancelled, which alone ends it; why the topic cannot be read; what
    ///   the body throws.
    func follow(
        _ topic: String,
        from offsets: [Int32: Int64],
        _ body: (Record) async throws -> Void
    ) async throws
}
