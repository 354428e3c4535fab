#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Where the tracer's own messages go.
public struct JaegerLog: Sendable {
    /// How grave a message is.
    public enum Level: String, Sendable, Comparable {
        /// As expected.
        case info
        /// Worth a look.
        case warning
        /// Something was lost.
        case error

        private var rank: Int { self == .info ? 0 : self == .warning ? 1 : 2 }

        /// Whether the left is the less grave one.
        public static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
    }

    private let take: @Sendable (_ level: Level, _ message: String) -> Void

    /// Makes a log.
    ///
    /// - Parameter take: takes a message; called from any task or thread.
    public init(_ take: @escaping @Sendable (_ level: Level, _ message: String) -> Void) { self.take = take }

    /// Takes no messages.
    public static let none = JaegerLog { _, _ in }

    /// Writes each message as a line to the standard error.
    public static let standardError = JaegerLog { level, message in
        writeLine("\(level.rawValue.uppercased()) \(message)")
    }

    /// Takes a message of a level.
    public func callAsFunction(_ level: Level, _ message: String) { take(level, message) }

    func info(_ message: String) { take(.info, message) }
    func warning(_ message: String) { take(.warning, message) }
    func error(_ message: String) { take(.error, message) }
}

private func writeLine(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
