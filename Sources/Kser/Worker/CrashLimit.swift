/// Gives up messages whose handler ends the process, by a trap, say, or because it takes too much memory.
///
///     let journal = try await SQLiteCrashJournal(path: "/var/lib/mailer/begun.db")      // of KserStore
///     let policy = RetryPolicy(crashes: CrashLimit(3, in: journal))
///
/// Before a handler runs it is noted that it begins, and after it that it ended. What had begun when the process ended is
/// found by the next one, which runs such messages one at a time, so that only those are suspected further that end the
/// process by themselves. A message that has done so as often as the limit says is not run again: it is a dead letter with
/// the reason ``DeadLetterReason/crashed``.
///
/// It costs two notes a message, which is why it is off unless asked for: in a SQLite file less than 0.2 milliseconds each,
/// measured one after the other in a debug build. A journal that cannot be asked lets messages run.
public struct CrashLimit: Sendable {
    /// How often a message may be in work when the process ends; 1 or more.
    public var limit: Int
    let journal: any CrashJournal

    /// Makes a limit; the journal outlives the process, and is that of all workers which a crash may leave a message to.
    public init(_ limit: Int = 3, in journal: any CrashJournal) {
        self.limit = max(1, limit)
        self.journal = journal
    }
}

/// Remembers which records were begun and not ended. A worker's ``CrashLimit`` needs one that outlives its process:
/// `SQLiteCrashJournal` of `KserStore`.
public protocol CrashJournal: Sendable {
    /// How often records of a partition were begun without an end, by offset.
    ///
    /// - Parameters:
    ///   - group: the consumer group that began them.
    ///   - partition: the partition.
    /// - Returns: the counts; offsets that are not in it were not begun, or ended.
    /// - Throws: why it is not known; nothing is suspected then.
    func begun(by group: String, in partition: TopicPartition) async throws -> [Int64: Int]

    /// Notes how often a record was begun without an end; 0 forgets it. It is kept when this returns, whatever happens
    /// to the process.
    func note(_ count: Int, by group: String, in partition: TopicPartition, offset: Int64) async throws
}
