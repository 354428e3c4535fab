public import Kser

/// Operations in a PostgreSQL database, for workers on any number of machines.
///
///     let store = try await PostgresOperationStore("postgresql://kser@db.example/operations?sslmode=verify-full")
///
/// The tables (`kser_…`) are made in the first schema of the search path when they are not there, and brought up to date.
/// Everything about the connection, TLS too, is said by libpq's connection string and its environment variables
/// (`PGPASSWORD`, `PGPASSFILE`, …). Unless it says otherwise, connecting may take 10 seconds, and a server that does not
/// answer for 30 seconds is given up. A lost connection is made again by the next call. Calls run on queues of their own.
///
/// A pooler such as PgBouncer may be between, in transaction mode too: nothing is kept in a session. Its `search_path` is
/// then the server's or the role's.
public final class PostgresOperationStore: OperationStore {
    package let pool: PostgresPool

    /// Connects.
    ///
    /// - Parameters:
    ///   - connectionString: libpq's connection string, `key=value` pairs or a URI.
    ///   - connections: how many connections at most; they are made when they are needed.
    ///   - statementTimeout: how long a statement may take, and wait for the locks of other sessions; 15 seconds by default.
    ///     One that takes longer is cancelled, and the call throws `locked`. Making tables is not limited by it.
    /// - Throws: ``/Kser/StoreError``: `configuration` for a string that cannot be read, `unavailable`, `denied`,
    ///   `newerSchema`.
    public init(
        _ connectionString: String,
        connections: Int = 4,
        statementTimeout: Duration = .seconds(15)
    ) async throws {
        let address = try PostgresAddress(connectionString)
        pool = PostgresPool(address, size: connections, statementTimeout: statementTimeout)
        try await pool.run { connection throws(StoreError) in try connection.migrate() }
    }

    /// Closes the connections; calls throw `closed` from then on. Without it, they are closed when the store goes away.
    public func close() async { await pool.close() }

    /// What tells this store from all others.
    public func identity() async throws -> String {
        try await pool.run { connection throws(StoreError) in try connection.identity() }
    }

    /// Adds an operation.
    public func insert(_ operation: OperationRecord) async throws {
        try await pool.run { connection throws(StoreError) in try connection.insert(operation) }
    }

    /// The operation of this uuid.
    public func operation(_ uuid: String) async throws -> OperationRecord? {
        try await pool.run { connection throws(StoreError) in try connection.operation(uuid) }
    }

    /// How far an operation is.
    public func head(_ uuid: String) async throws -> OperationHead? {
        try await pool.run { connection throws(StoreError) in try connection.head(uuid) }
    }

    /// Has an operation changed by one caller at a time.
    public func change<Outcome: Sendable>(
        _ uuid: String,
        at time: Int64,
        _ body: @escaping @Sendable (inout OperationDraft) throws(StoreError) -> Outcome
    ) async throws -> Outcome? {
        try await pool.run { connection throws(StoreError) in try connection.change(uuid, at: time, body) }
    }

    /// Takes operations that somebody has to look at.
    public func claimDue(at time: Int64, pause: Int64, limit: Int) async throws -> [String] {
        try await pool.run { connection throws(StoreError) in
            try connection.claimDue(at: time, pause: pause, limit: limit)
        }
    }

    /// The paths of the entrypoints of an operation that are in work.
    public func running(in uuid: String) async throws -> [String] {
        try await pool.run { connection throws(StoreError) in try connection.running(in: uuid) }
    }

    /// The operations that match, by the time of their launch.
    public func operations(matching query: StoreQuery) async throws -> [OperationSummary] {
        try await pool.run { connection throws(StoreError) in try connection.operations(matching: query) }
    }

    /// The tasks that match, oldest first.
    public func tasks(matching query: StoreQuery) async throws -> [TaskRecord] {
        try await pool.run { connection throws(StoreError) in try connection.tasks(matching: query) }
    }

    /// The changes of an operation.
    public func history(of uuid: String) async throws -> [OperationEvent] {
        try await pool.run { connection throws(StoreError) in try connection.history(of: uuid) }
    }

    /// Removes ended operations, a few in one transaction.
    public func prune(endedBefore time: Int64, statuses: Set<TaskStatus>) async throws -> Int {
        var total = 0
        while true {
            let count = try await pool.run { connection throws(StoreError) in
                try connection.pruneSome(endedBefore: time, statuses: statuses)
            }
            total += count
            if count == 0 { return total }
        }
    }
}
