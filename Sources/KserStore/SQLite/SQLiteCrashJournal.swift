public import Kser

/// A journal of begun messages in a SQLite file, which the process's end outlives. Workers of one machine, in any number of
/// processes, may share a file.
///
///     let journal = try await SQLiteCrashJournal(path: "/var/lib/mailer/begun.db")
///     let policy = RetryPolicy(crashes: CrashLimit(3, in: journal))
///
/// The file has a row for each message in work, and is made when it is not there; it must not lie on a network file system.
/// A message that goes from machine to machine is counted on each by itself.
public final class SQLiteCrashJournal: CrashJournal {
    private let database: SQLiteDatabase

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - options: how it is written; by default a power failure may forget the last notes, the end of a process none.
    /// - Throws: ``/Kser/StoreError``: `unavailable`, `locked`, `full`, `denied`, `corrupt` for a file that is no database.
    public init(path: String, options: SQLiteOptions = SQLiteOptions(durability: .process)) async throws {
        database = SQLiteDatabase(path: path)
        try await database.open(options) { connection throws(StoreError) in try connection.makeBegunTable() }
    }

    /// Closes the file; calls throw `closed` from then on. Without it, the file is closed when the journal goes away.
    public func close() async { await database.close() }

    /// How often records of a partition were begun without an end, by offset.
    public func begun(by group: String, in partition: TopicPartition) async throws -> [Int64: Int] {
        try await database.run { connection throws(StoreError) in try connection.begun(by: group, in: partition) }
    }

    /// Notes how often a record was begun without an end.
    public func note(_ count: Int, by group: String, in partition: TopicPartition, offset: Int64) async throws {
        try await database.write { connection throws(StoreError) in
            try connection.noteBegun(count, by: group, in: partition, offset: offset)
        }
    }
}

extension SQLConnection {
    fileprivate func makeBegunTable() throws(StoreError) {
        _ = try query(
            """
            CREATE TABLE IF NOT EXISTS kser_begun (
                consumer_group TEXT NOT NULL, topic TEXT NOT NULL, kafka_partition BIGINT NOT NULL,
                kafka_offset BIGINT NOT NULL, begun BIGINT NOT NULL,
                PRIMARY KEY (consumer_group, topic, kafka_partition, kafka_offset)
            ) WITHOUT ROWID
            """
        )
    }

    fileprivate func begun(by group: String, in partition: TopicPartition) throws(StoreError) -> [Int64: Int] {
        let rows = try query(
            """
            SELECT kafka_offset, begun FROM kser_begun
            WHERE consumer_group = $1 AND topic = $2 AND kafka_partition = $3
            """,
            place(group, partition)
        )
        var begun: [Int64: Int] = [:]
        for values in rows {
            var row = SQLRow(values, store: name)
            begun[try row.integer()] = Int(clamping: try row.integer())
        }
        return begun
    }

    fileprivate func noteBegun(
        _ count: Int,
        by group: String,
        in partition: TopicPartition,
        offset: Int64
    ) throws(StoreError) {
        let place = place(group, partition) + [.integer(offset)]
        if count == 0 {
            _ = try query(
                """
                DELETE FROM kser_begun
                WHERE consumer_group = $1 AND topic = $2 AND kafka_partition = $3 AND kafka_offset = $4
                """,
                place
            )
        } else {
            _ = try query(
                """
                INSERT INTO kser_begun (consumer_group, topic, kafka_partition, kafka_offset, begun)
                VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (consumer_group, topic, kafka_partition, kafka_offset) DO UPDATE SET begun = excluded.begun
                """,
                place + [SQLValue(count)]
            )
        }
    }

    private func place(_ group: String, _ partition: TopicPartition) -> [SQLValue] {
        [.text(group), .text(partition.topic), .integer(Int64(partition.partition))]
    }
}
