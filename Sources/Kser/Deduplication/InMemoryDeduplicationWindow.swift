import Synchronization

/// A window in the memory of this process, bounded by count and age. Several workers may share one.
public final class InMemoryDeduplicationWindow: DeduplicationWindow {
    let keys: Mutex<RecentValues<DeduplicationKey, Void>>
    private let clock: WorkerClock
    private let hash = KeyedHash.random()

    /// Makes an empty window.
    ///
    /// - Parameters:
    ///   - capacity: how many messages are remembered; about 200 bytes each. Of a uuid of more than 64 bytes it keeps a
    ///     hash of 128 bits, with a key of its own, and the length.
    ///   - lifetime: how long a message is remembered. It is the time that passes, however the machine's clock is set.
    ///   - clock: tells the time.
    public init(capacity: Int = 100_000, lifetime: Duration = .seconds(3_600), clock: WorkerClock = .system) {
        keys = Mutex(RecentValues(capacity: capacity, lifetime: lifetime))
        self.clock = clock
    }

    /// Whether a message was handled with success, and is not forgotten.
    public func contains(_ key: DeduplicationKey) -> Bool {
        keys.withLock { $0.value(for: key.shortened(by: hash), at: clock.uptime()) != nil }
    }

    /// Notes that a message was handled with success.
    public func insert(_ key: DeduplicationKey) {
        keys.withLock { $0.insert((), for: key.shortened(by: hash), at: clock.uptime()) }
    }
}

extension DeduplicationWindow where Self == InMemoryDeduplicationWindow {
    /// A window in the memory of this process.
    ///
    /// - Parameters:
    ///   - capacity: how many messages are remembered; about 200 bytes each.
    ///   - lifetime: how long a message is remembered.
    /// - Returns: the window, empty.
    public static func inMemory(
        capacity: Int = 100_000,
        lifetime: Duration = .seconds(3_600)
    ) -> InMemoryDeduplicationWindow {
        InMemoryDeduplicationWindow(capacity: capacity, lifetime: lifetime)
    }
}
