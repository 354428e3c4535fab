public import Kser
import Synchronization

/// A journal of begun messages in memory. A test that makes worker after worker of one has what a process has that ends and
/// begins again; give real workers one that outlives them.
public final class InMemoryCrashJournal: CrashJournal {
    private struct Place: Hashable {
        let group: String
        let partition: TopicPartition
    }

    private let counts = Mutex<[Place: [Int64: Int]]>([:])

    /// Makes an empty journal.
    public init() {}

    /// How often records of a partition were begun without an end, by offset.
    public func begun(by group: String, in partition: TopicPartition) -> [Int64: Int] {
        counts.withLock { $0[Place(group: group, partition: partition)] ?? [:] }
    }

    /// Notes how often a record was begun without an end.
    public func note(_ count: Int, by group: String, in partition: TopicPartition, offset: Int64) {
        counts.withLock {
            $0[Place(group: group, partition: partition), default: [:]][offset] = count == 0 ? nil : count
        }
    }
}
