#if SwiftLog
public import Logging

/// Writes log lines to a logger of swift-log; with the trait `SwiftLog`.
///
///     let controller = Controller(logger: KserLogger(Logger(label: "jobs")))
///
/// A line carries what it is about as metadata: the part of kser that speaks as `logger`, and, where it is about a message,
/// `uuid`, `entrypoint` and `retcode`. Raw messages, which may hold secrets, are left out.
public struct SwiftLogSink: LogSink {
    /// The logger.
    public let logger: Logger

    /// Makes a sink of a logger.
    public init(_ logger: Logger) { self.logger = logger }

    /// Writes one line.
    public func log(_ record: LogRecord) {
        var metadata: Logger.Metadata = ["logger": .string(record.logger)]
        if let message = record.kmsg {
            metadata["uuid"] = .string(message.uuid.bounded.printable)
            metadata["entrypoint"] = .string(message.entrypoint.bounded.printable)
        }
        if let result = record.kresult { metadata["retcode"] = .stringConvertible(result.retcode) }
        if let error = record.error { metadata["error"] = .string(error.description) }
        for (name, value) in record.metadata where name != "kafka_raw_data" {
            metadata[name] = .string(value.printable)
        }
        logger.log(level: record.level.swiftLogLevel, "\(record.message.printable)", metadata: metadata, source: "Kser")
    }
}

extension KserLogger {
    /// A logger that writes to one of swift-log, from that one's level on; with the trait `SwiftLog`.
    ///
    /// The level is read here, once.
    public init(_ logger: Logger) { self.init(level: LogLevel(logger.logLevel), sink: SwiftLogSink(logger)) }
}

extension LogLevel {
    /// The level of swift-log of the same name.
    public var swiftLogLevel: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }

    /// The level nearest to one of swift-log, which has more of them.
    public init(_ level: Logger.Level) {
        switch level {
        case .trace, .debug: self = .debug
        case .info, .notice: self = .info
        case .warning: self = .warning
        case .error: self = .error
        case .critical: self = .critical
        }
    }
}
#endif
