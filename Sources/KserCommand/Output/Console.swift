import Foundation
import Kser
import Synchronization

/// What goes to standard output and standard error.
enum Console {
    /// Whether a person watches standard error.
    static let isWatched = isatty(STDERR_FILENO) == 1

    /// The most bytes of a line that may hold what others wrote.
    private static let longest = 16 << 10

    /// A line for standard output. What is in it that would forge lines or steer a terminal is escaped, and a long one cut.
    static func print(_ line: String) { print(text: line.bounded(to: longest).printable) }

    /// Text of our own for standard output, as it is.
    static func print(text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// A line of JSON for standard output.
    static func print(_ object: JSONObject) { print(text: object.description) }

    /// A line for standard error, escaped and cut as those for standard output.
    static func error(_ line: String) { write(line.bounded(to: longest).printable + "\n", to: STDERR_FILENO) }

    /// Text for standard error, as it is.
    static func show(_ text: String) { write(text, to: STDERR_FILENO) }

    private static let lock = Mutex(())

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        lock.withLock { _ in
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
                if written < 0, errno == EINTR { continue }
                // A reader that went away, as `head` does, ends the output.
                if written <= 0 { return }
                rest = rest.dropFirst(written)
            }
        }
    }
}
