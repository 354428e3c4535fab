import Synchronization

/// Lets a ``SecretBoxCodec`` take messages that are not sealed, while senders move to sealing, and counts them.
///
/// Meanwhile anyone who can write to the topic can forge messages. The count says when the last old sender is gone.
public final class ClearMessages: Sendable {
    private let total = Atomic<Int>(0)

    /// Starts at none.
    public init() {}

    /// How many messages in clear were let in.
    public var count: Int { total.load(ordering: .relaxed) }

    func increment() { total.add(1, ordering: .relaxed) }
}
