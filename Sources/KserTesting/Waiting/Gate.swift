import Kser

/// Holds tasks back until a test opens it.
public final class Gate: Sendable {
    private let opening = Promise<Void>()

    /// Makes a closed gate.
    public init() {}

    /// Lets everyone through, now and later.
    public func open() { opening.keep() }

    /// Waits until the gate is open; cancellation does not end the wait.
    public func pass() async { await opening.settled() }
}
