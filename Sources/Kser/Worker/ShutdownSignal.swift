import Foundation

/// A signal of the operating system that ends a ``Worker`` as ``Worker/shutdown()`` does.
public struct ShutdownSignal: Sendable, Hashable {
    package let number: Int32

    package init(number: Int32) { self.number = number }

    /// SIGTERM: what service managers and containers send.
    public static let terminate = Self(number: SIGTERM)
    /// SIGINT: Ctrl-C.
    public static let interrupt = Self(number: SIGINT)
}
