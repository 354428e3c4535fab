/// Where log records go.
public protocol LogSink: Sendable {
    /// Takes one record. It is called on the thread that logs, so it must be quick and never block.
    func log(_ record: LogRecord)
}

/// The logging facade: a level and a sink. A line below the level costs one comparison; its text is never made.
public struct KserLogger: Sendable {
    /// Lines below this level are dropped; nil drops all.
    public var level: LogLevel?
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

    /// Hands a record to the sink.
    @usableFromInline
    func write(_ record: LogRecord) { sink?.log(record) }
}

extension KserLogger {
    /// Logs a line of a consumer or of the worker that has it.
    func consumer(_ level: LogLevel, _ text: @autoclosure () -> String) {
        log(level) { LogRecord(level, logger: "kser.consumer", "Consumer: \(text())") }
    }
}
