#if SwiftLog
public import Logging

/// Writes what any code logs with swift-log to one of kser's sinks; with the trait `SwiftLog`.
///
///     LoggingSystem.bootstrap { KserLogHandler(label: $0, sink: JSONLinesLogSink.standardError) }
public struct KserLogHandler: LogHandler {
    /// Lines below this level are dropped.
    public var logLevel = Logger.Level.info
    /// What each line carries.
    public var metadata: Logger.Metadata = [:]
    /// What each line carries besides, such as the ids of its trace.
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let sink: any LogSink

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - label: the label of the logger, which becomes ``LogRecord/logger``.
    ///   - sink: where its lines go.
    ///   - metadataProvider: what each line carries besides.
    public init(label: String, sink: any LogSink, metadataProvider: Logger.MetadataProvider? = nil) {
        self.label = label
        self.sink = sink
        self.metadataProvider = metadataProvider
    }

    /// A value that each line carries.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line. The metadata of the line itself come before the provider's, and these before the handler's.
    public func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error.message"] = "\(error)" }
        let record = LogRecord(
            LogLevel(event.level),
            logger: label,
            event.message.description,
            metadata: all.mapValues(\.description)
        )
        sink.log(record)
    }
}
#endif
