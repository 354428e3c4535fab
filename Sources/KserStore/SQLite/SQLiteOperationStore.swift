public import Kser

/// Operations in one SQLite file, for workers that run on one machine, in any number of processes.
///
///     let store = try await SQLiteOperationStore(path: "/var/lib/dice/operations.db")
///
/// The file is made when it is not there, and its tables are brought up to date. SQLite keeps two more files beside it
/// (`-wal` and `-shm`). New ones are for their user alone (mode 0600), and a file that is there keeps its permissions. It
/// must not lie on a network file system. Calls run on a queue of their own.
public final class SQLiteOperationStore: OperationStore {
    package let database: SQLiteDatabase

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - options: how it is written.
    /// - Throws: ``/Kser/StoreError``: `unavailable`, `locked`, `full`, `denied`, `corrupt` for a file that is no
    ///   database, `newerSchema`.
    public init(path: String, options: SQLiteOptions = SQLiteOptions()) async throws {
        database = SQLiteDatabase(path: path)
        try await database.open(options) { connection throws(StoreError) in try connection.migrate() }
    }

    /// Closes the file; calls throw `closed` from then on. Without it, the file is closed when the store goes away.
    public func close() async { await database.close() }

    /// What tells this store from all others.
    public func identity() async throws -> String {
        try await database.run { connection throws(StoreError) in try connection.identity() }
    }

    /// Adds an operation.
    public func insert(_ operation: OperationRecord) async throws {
        try await database.write { connection throws(StoreError) in try connection.insert(operation) }
    }

    /// The operation of this uuid.
    public func operation(_ uuid: String) async throws -> OperationRecord? {
        try await database.run { connection throws(StoreError) in try connection.operation(uuid) }
    }

    /// How far an operation is.
    public func head(_ uuid: String) async throws -> OperationHead? {
        try await database.run { connection throws(StoreError) in try connection.head(uuid) }
    }

    /// Has an operation changed by one caller at a time.
    public func change<Outcome: Sendable>(
        _ uuid: String,
        at time: Int64,
        _ body: @escaping @Sendable (inout OperationDraft) throws(StoreError) -> Outcome
    ) async throws -> Outcome? {
        try await database.write { connection throws(StoreError) in try connection.change(uuid, at: time, body) }
    }

    /// Takes operations that somebody has to look at.
    public func claimDue(at time: Int64, pause: Int64, limit: Int) async throws -> [String] {
        try await database.write { connection throws(StoreError) in
            try connection.claimDue(at: time, pause: pause, limit: limit)
        }
    }

    /// The paths of the entrypoints of an operation that are in work.
    public func running(in uuid: String) async throws -> [String] {
        try await database.run { connection throws(StoreError) in try connection.running(in: uuid) }
    }

    /// The operations that match, by the time of their launch.
    public func operations(matching query: StoreQuery) async throws -> [OperationSummary] {
        try await database.run { connection throws(StoreError) in try connection.operations(matching: query) }
    }

    /// The tasks that match, oldest first.
    public func tasks(matching query: StoreQuery) async throws -> [TaskRecord] {
        try await database.run { connection throws(StoreError) in try connection.tasks(matching: query) }
    }

    /// The changes of an operation.
    public func history(of uuid: String) async throws -> [OperationEvent] {
        try await database.run { connection throws(StoreError) in try connection.history(of: uuid) }
    }

    /// Removes ended operations, a few in one transaction and others' calls between them, then gives unused pages back. A file
    /// that an earlier release made has to be vacuumed once for that; see ``vacuum()``.
    public func prune(endedBefore time: Int64, statuses: Set<TaskStatus>) async throws -> Int {
        var total = 0
        while true {
            let count = try await database.write { connection throws(StoreError) in
                try connection.pruneSome(endedBefore: time, statuses: statuses)
            }
            total += count
            if count == 0 { break }
        }
        if total > 0 { try await givePagesBack() }
        return total
    }

    private func givePagesBack() async throws {
        var hasMore = true
        while hasMore {
            hasMore = try await database.run { connection throws(StoreError) in
                guard case .integer(2)? = try connection.query("PRAGMA auto_vacuum").first?.first else { return false }
                _ = try connection.query("PRAGMA incremental_vacuum(500)")
                guard case .integer(let left)? = try connection.query("PRAGMA freelist_count").first?.first else {
                    return false
                }
                return left > 0
            }
        }
        // The file gets shorter when the log is written into it.
        _ = try await database.run { connection throws(StoreError) in
            try connection.query("PRAGMA wal_checkpoint(PASSIVE)")
        }
    }

    /// Writes the file anew without unused pages, and has it give pages back by itself from then on. It takes as long as the
    /// file is large, and needs as much room once more; other calls and processes wait, or are `locked` meanwhile.
    public func vacuum() async throws {
        try await database.run { connection throws(StoreError) in
            _ = try connection.query("PRAGMA auto_vacuum = INCREMENTAL")
            _ = try connection.query("VACUUM")
            _ = try connection.query("PRAGMA wal_checkpoint(TRUNCATE)")
        }
    }
}
