/// How a ``SQLiteOperationStore`` or a ``SQLiteDeduplicationWindow`` writes.
public struct SQLiteOptions: Sendable, Hashable {
    /// What a recorded change outlives.
    public enum Durability: Sendable {
        /// The end of the machine: each change waits for the disk (SQLite: `synchronous = FULL`).
        case power
        /// The end of the process. A power failure may take the last changes back, and operations then stand still; it
        /// damages nothing (SQLite: `synchronous = NORMAL`).
        case process
    }

    /// What a recorded change outlives; ``Durability/power`` by default.
    public var durability: Durability
    /// How long a change waits for other processes to finish theirs; 5 seconds by default.
    public var lockTimeout: Duration

    /// Makes options.
    public init(durability: Durability = .power, lockTimeout: Duration = .seconds(5)) {
        self.durability = durability
        self.lockTimeout = lockTimeout
    }
}
