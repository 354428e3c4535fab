/// Logs a line for each span: `Reporting span 1001:1002:0:1 dice.launch`.
public struct LoggingReporter: Reporter {
    private let log: JaegerLog

    /// Makes a reporter.
    ///
    /// - Parameter log: takes the lines, at the level `info`.
    public init(log: JaegerLog = .standardError) { self.log = log }

    /// Logs a span.
    public func report(_ span: JaegerSpan) { log.info("Reporting span \(span)") }
}
