/// How grave a log line is, in Python's names and order.
public enum LogLevel: Int, Sendable, Hashable, Comparable, CaseIterable {
    /// Every step of every message.
    case debug = 10
    /// What succeeded.
    case info = 20
    /// What needs an eye.
    case warning = 30
    /// What failed.
    case error = 40
    /// What nothing can go on after.
    case critical = 50

    /// The name in Python's log lines, such as `WARNING`.
    public var name: String {
        switch self {
        case .debug: "DEBUG"
        case .info: "INFO"
        case .warning: "WARNING"
        case .error: "ERROR"
        case .critical: "CRITICAL"
        }
    }

    /// Whether the left level is less grave.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// One log line and what it is about.
///
/// A ``KserLogger`` cuts its texts to 8 KiB each, the message and the result it is about excepted, which sinks do not
/// write as a whole. One that goes to people has to escape what others wrote: `HumanLogSink` does.
public struct LogRecord: Sendable {
    /// How grave the line is.
    public var level: LogLevel
    /// The part of kser that speaks, by Python's logger names: `kser.entry`, `kser.controller`.
    public var logger: String
    /// The line, in kser's text.
    public var message: String
    /// The message that the line is about (Python's record attribute `kmsg`).
    public var kmsg: Message?
    /// The result that the line is about (Python's record attribute `kresult`).
    public var kresult: ExecutionResult?
    /// The error that the line is about, as JSON (Python's record attribute `error`).
    public var error: JSON?
    /// Further facts, such as topic, partition and offset, or Python's `kafka_raw_data`.
    public var metadata: [String: String]

    /// Makes a record.
    public init(
        _ level: LogLevel,
        logger: String,
        _ message: String,
        kmsg: Message? = nil,
        kresult: ExecutionResult? = nil,
        error: JSON? = nil,
        metadata: [String: String] = [:]
    ) {
        self.level = level
        self.logger = logger
        self.message = message
        self.kmsg = kmsg
        self.kresult = kresult
        self.error = error
        self.metadata = metadata
    }
}

extension LogRecord {
    /// How many bytes of a text a log holds.
    private static let limit = 8_192

    /// The record with its texts cut.
    var cut: LogRecord {
        var record = self
        record.message = message.bounded(to: Self.limit)
        record.error = error?.bounded(to: Self.limit)
        if !metadata.isEmpty { record.metadata = metadata.mapValues { $0.bounded(to: Self.limit) } }
        return record
    }
}

extension JSON {
    /// The value, or its text when that is longer.
    fileprivate func bounded(to limit: Int) -> JSON {
        let text = description
        return text.utf8.count <= limit ? self : .string(text.bounded(to: limit))
    }
}
