/// Where log records go.
public protocol LogSink: Sendable {
    /// Takes one record. It is called on the thread that logs, so it must be quick and never block.
    func log(_ record: LogRecord)
}

/// The logging facade: a level and a sink. A line below the level costs one comparison; its text is never made.
public struct KserLogger: Sendable {
    /// Lines below this level are dropped; nil drops all.
    public var level: LogLevel?
    /// Whether lines hold messages as they came, as kser's do: at `debug` and, as `kafka_raw_data`, of those that are refused.
    /// They may hold secrets, also in a topic whose messages are sealed: a sender without a key. Default false: their length
    /// and a hash.
    public var logsRefusedContent = false
    private let sink: (any LogSink)?

    /// Makes a logger.
    ///
    /// - Parameters:
    ///   - level: lines below it are dropped.
    ///   - sink: where the others go.
    public init(level: LogLevel = .info, sink: any LogSink) {
        self.level = level
        self.sink = sink
    }

    private init() {
        level = nil
        sink = nil
    }

    /// Logs nothing.
    public static let none = KserLogger()

    /// Whether lines of this level are kept.
    @inlinable
    public func isEnabled(_ level: LogLevel) -> Bool {
        guard let least = self.level else { return false }
        return level >= least
    }

    /// Logs a record, which is made only when its level is enabled.
    @inlinable
    public func log(_ level: LogLevel, _ record: () -> LogRecord) {
        if isEnabled(level) { write(record()) }
    }

    /// Hands a record to the sink, cut to what a log may hold of what others wrote.
    @usableFromInline
    func write(_ record: LogRecord) { sink?.log(logsRefusedContent ? record : record.cut) }
}

extension KserLogger {
    /// Logs a line of a consumer or of the worker that has it.
    func consumer(_ level: LogLevel, _ text: @autoclosure () -> String) {
        log(level) { LogRecord(level, logger: "kser.consumer", "Consumer: \(text())") }
    }
}
