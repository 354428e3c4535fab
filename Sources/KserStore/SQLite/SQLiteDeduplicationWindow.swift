public import Kser
import Synchronization

/// A window in a SQLite file, which a restart of the worker outlives. Workers of one machine, in any number of processes,
/// may share a file.
///
///     let window = try await SQLiteDeduplicationWindow(path: "/var/lib/mailer/handled.db", lifetime: .seconds(86_400))
///     let worker = Worker(consumer, controller, options: WorkerOptions(deduplication: window))
///
/// A message is looked up before its handler runs, and written before its offset is committed, so one that was handled
/// runs again only when the process ended between the two. The file is made when it is not there; it must not lie on a
/// network file system. Ages are told by the machine's clock, which a restart outlives: one that is set forward makes
/// messages forgotten early.
public final class SQLiteDeduplicationWindow: DeduplicationWindow {
    private let database: SQLiteDatabase
    private let capacity: Int
    private let lifetime: Int64
    private let clock: WorkerClock
    /// Its key is the file's, so that every process and every restart hashes alike.
    private let hash: KeyedHash
    /// How many messages were noted since the old ones were forgotten.
    private let noted = Atomic(0)

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - capacity: how many messages are remembered; about 100 bytes each. Up to a hundredth more are kept for a while. Of
    ///     a uuid of more than 64 bytes it keeps a hash of 128 bits, with a key of the file's own, and the length.
    ///   - lifetime: how long a message is remembered.
    ///   - options: how it is written; by default, a power failure may forget the last messages, which then run again.
    ///   - clock: tells the time.
    /// - Throws: ``/Kser/StoreError``: `unavailable`, `locked`, `full`, `denied`, `corrupt` for a file that is no database.
    public init(
        path: String,
        capacity: Int = 1_000_000,
        lifetime: Duration = .seconds(86_400),
        options: SQLiteOptions = SQLiteOptions(durability: .process),
        clock: WorkerClock = .system
    ) async throws {
        database = SQLiteDatabase(path: path)
        self.capacity = max(1, capacity)
        self.lifetime = lifetime.milliseconds
        self.clock = clock
        try await database.open(options) { connection throws(StoreError) in try connection.makeHandledTable() }
        hash = try await database.run { connection throws(StoreError) in try connection.handledHash() }
    }

    /// Closes the file; calls throw `closed` from then on. Without it, the file is closed when the window goes away.
    public func close() async { await database.close() }

    /// Whether a message was handled with success, and is not forgotten.
    public func contains(_ key: DeduplicationKey) async throws -> Bool {
        let (key, oldest) = (key.shortened(by: hash), clock.now().subtractingSaturating(lifetime))
        return try await database.run { connection throws(StoreError) in
            try connection.isHandled(key, since: oldest)
        }
    }

    /// Notes that a message was handled with success.
    public func insert(_ key: DeduplicationKey) async throws {
        let (key, now, capacity) = (key.shortened(by: hash), clock.now(), capacity)
        let oldest = now.subtractingSaturating(lifetime)
        let isFull = noted.add(1, ordering: .relaxed).newValue % max(1, capacity / 100) == 0
        try await database.write { connection throws(StoreError) in
            try connection.noteHandled(key, at: now)
            if isFull { try connection.forgetHandled(before: oldest, beyond: capacity) }
        }
    }
}

extension SQLConnection {
    fileprivate func makeHandledTable() throws(StoreError) {
        try transaction { () throws(StoreError) in
            _ = try query(
                """
                CREATE TABLE IF NOT EXISTS kser_handled (
                    uuid TEXT NOT NULL, replays BIGINT NOT NULL, handled_at BIGINT NOT NULL, PRIMARY KEY (uuid, replays)
                ) WITHOUT ROWID
                """
            )
            _ = try query("CREATE INDEX IF NOT EXISTS kser_handled_at ON kser_handled (handled_at)")
            _ = try query(
                """
                CREATE TABLE IF NOT EXISTS kser_handled_key (
                    one INTEGER PRIMARY KEY CHECK (one = 1), first BIGINT NOT NULL, second BIGINT NOT NULL
                )
                """
            )
            _ = try query(
                "INSERT INTO kser_handled_key VALUES (1, $1, $2) ON CONFLICT DO NOTHING",
                [.integer(.random(in: .min ... .max)), .integer(.random(in: .min ... .max))]
            )
        }
    }

    /// The hash with the key of the file.
    fileprivate func handledHash() throws(StoreError) -> KeyedHash {
        let row = try query("SELECT first, second FROM kser_handled_key").first
        guard let row, case .integer(let first) = row[0], case .integer(let second) = row[1] else {
            throw corrupt("a key of its handled messages")
        }
        return KeyedHash(key: (UInt64(bitPattern: first), UInt64(bitPattern: second)))
    }

    fileprivate func isHandled(_ key: DeduplicationKey, since time: Int64) throws(StoreError) -> Bool {
        let rows = try query(
            "SELECT 1 FROM kser_handled WHERE uuid = $1 AND replays = $2 AND handled_at > $3",
            [.text(key.uuid), SQLValue(key.replays), .integer(time)]
        )
        return !rows.isEmpty
    }

    fileprivate func noteHandled(_ key: DeduplicationKey, at time: Int64) throws(StoreError) {
        _ = try query(
            """
            INSERT INTO kser_handled (uuid, replays, handled_at) VALUES ($1, $2, $3)
            ON CONFLICT (uuid, replays) DO UPDATE SET handled_at = excluded.handled_at
            """,
            [.text(key.uuid), SQLValue(key.replays), .integer(time)]
        )
    }

    /// Removes messages that are too old or too many.
    fileprivate func forgetHandled(before time: Int64, beyond capacity: Int) throws(StoreError) {
        _ = try query("DELETE FROM kser_handled WHERE handled_at <= $1", [.integer(time)])
        _ = try query(
            """
            DELETE FROM kser_handled WHERE (uuid, replays) IN (
                SELECT uuid, replays FROM kser_handled ORDER BY handled_at DESC LIMIT -1 OFFSET $1
            )
            """,
            [SQLValue(capacity)]
        )
    }
}
