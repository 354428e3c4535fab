public import Kser
import Synchronization

extension InMemoryBroker: TopicReader {
    /// The offsets that a topic holds, by partition.
    ///
    /// - Throws: ``/Kser/KserError`` `notFound` when there is no such topic.
    public func offsets(of topic: String) async throws -> [Int32: Range<Int64>] {
        guard let partitions = state.withLock({ $0.topics[topic] }) else {
            throw KserError.notFound("There is no topic \"\(topic)\"")
        }
        return Dictionary(
            uniqueKeysWithValues: partitions.enumerated().map { (Int32($0.offset), 0..<Int64($0.element.count)) }
        )
    }

    /// Hands the records of a partition in this range to the body, until it returns false.
    public func read(
        _ topic: String,
        partition: Int32,
        offsets: Range<Int64>,
        _ body: (Record) async throws -> Bool
    ) async throws {
        for record in records(in: topic) where record.partition == partition && offsets.contains(record.offset) {
            if try await !body(record) { return }
        }
    }

    /// Hands the records of partitions from these offsets on, and those to come, to the body.
    public func follow(
        _ topic: String,
        from offsets: [Int32: Int64],
        _ body: (Record) async throws -> Void
    ) async throws {
        let (appended, follower) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { $0.addFollower(follower) }
        defer { state.withLock { _ = $0.followers.removeValue(forKey: number) } }
        var next = offsets
        follower.yield()
        for await _ in appended {
            for record in records(in: topic) {
                guard let wanted = next[record.partition], record.offset >= wanted else { continue }
                try await body(record)
                next[record.partition] = record.offset + 1
            }
        }
        throw CancellationError()
    }
}
