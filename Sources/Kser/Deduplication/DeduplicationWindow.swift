/// Remembers which messages a worker handled with success, so that it passes over those that come again.
///
///     let options = WorkerOptions(deduplication: .inMemory(capacity: 100_000, lifetime: .seconds(3_600)))
///
/// A message is passed over when one of the same uuid, which came as often from a dead-letter topic, is in the window: it
/// was completed with success, its reply acknowledged, and not forgotten since. Such a duplicate is completed without its
/// handler and without a reply, counted and logged at `info`. One that comes while the other is in work waits for it, and
/// runs unless that succeeds.
///
/// What failed, was cancelled, was given up or went to a retry topic is not in the window. So retries, in place or through
/// topics, run as if there were no window, sending a failed task again runs it again, and what ``DeadLetters`` replays runs
/// even when its uuid was handled before. Not so where messages are sealed: that it is a replay stands in a header, which
/// anyone can write, so one uuid runs to success once.
///
/// It is no promise of exactly once: a window knows what its own workers handled, and one in memory forgets with the
/// process; that of module `KserStore`, in a SQLite file, does not. A window that cannot be asked lets messages run.
public protocol DeduplicationWindow: Sendable {
    /// Whether a message was handled with success, and is not forgotten.
    ///
    /// - Throws: why it is not known; the message then runs.
    func contains(_ key: DeduplicationKey) async throws -> Bool

    /// Notes that a message was handled with success. Its record is completed when this returns or throws.
    ///
    /// - Throws: why it was not noted; it is logged.
    func insert(_ key: DeduplicationKey) async throws
}

/// What makes two messages the same.
public struct DeduplicationKey: Sendable, Hashable {
    /// The task's uuid.
    public var uuid: String
    /// How often it was sent back from a dead-letter topic.
    public var replays: Int

    /// Makes a key.
    public init(uuid: String, replays: Int = 0) {
        self.uuid = uuid
        self.replays = replays
    }
}

extension DeduplicationKey {
    /// Whether both are the same delivery: uuids are told apart by their bytes, as in Python, not by how they look.
    public static func == (left: Self, right: Self) -> Bool {
        left.replays == right.replays && left.uuid.hasSameScalars(as: right.uuid)
    }

    /// Hashes the bytes of the uuid.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ScalarKey(uuid))
        hasher.combine(replays)
    }
}

extension DeduplicationKey: CustomStringConvertible {
    /// The uuid, and how often it was replayed.
    public var description: String { replays == 0 ? uuid : "\(uuid), replay \(replays)" }
}
