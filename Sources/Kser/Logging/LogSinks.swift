import Foundation

/// Writes lines for people: Python's `%(asctime)s %(levelname)-8s %(message)s`. Control characters and marks of direction
/// are escaped, so that what others wrote neither forges lines nor steers a terminal.
public struct HumanLogSink: LogSink {
    private let descriptor: Int32

    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Writes to standard error.
    public static let standardError = HumanLogSink(descriptor: STDERR_FILENO)
    /// Writes to standard output.
    public static let standardOutput = HumanLogSink(descriptor: STDOUT_FILENO)

    /// Writes one line.
    public func log(_ record: LogRecord) {
        let level = record.level.name.padding(toLength: 8, withPad: " ", startingAt: 0)
        writeLine("\(LogClock.now(separator: " ", fraction: ",")) \(level) \(record.message.printable)", to: descriptor)
    }
}

/// Writes one JSON object a line: `time`, `level`, `logger`, `message`, the task's `uuid` and `entrypoint`, and the record's
/// metadata, but for raw messages, which may hold secrets.
public struct JSONLinesLogSink: LogSink {
    private let descriptor: Int32

    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Writes to standard error.
    public static let standardError = JSONLinesLogSink(descriptor: STDERR_FILENO)
    /// Writes to standard output.
    public static let standardOutput = JSONLinesLogSink(descriptor: STDOUT_FILENO)

    /// Writes one line.
    public func log(_ record: LogRecord) {
        var object: JSONObject = [
            "time": .string(LogClock.now(separator: "T", fraction: ".")),
            "level": .string(record.level.name),
            "logger": .string(record.logger),
            "message": .string(record.message),
        ]
        if let message = record.kmsg {
            object["uuid"] = .string(message.uuid.bounded)
            object["entrypoint"] = .string(message.entrypoint.bounded)
        }
        if let result = record.kresult { object["retcode"] = .integer(Int64(result.retcode)) }
        if let error = record.error { object["error"] = error }
        for (name, value) in record.metadata.sorted(by: { $0.key < $1.key }) where name != "kafka_raw_data" {
            object[name] = .string(value)
        }
        writeLine(JSON.object(object).description, to: descriptor)
    }
}

extension KserLogger {
    /// Warnings and errors, for people, on standard error: what Python prints when logging is not set up.
    public static let standard = KserLogger(level: .warning, sink: HumanLogSink.standardError)
}

private enum LogClock {
    /// The local time to the millisecond.
    static func now(separator: String, fraction: String) -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        localtime_r(&time.tv_sec, &parts)
        return String(
            format: "%04d-%02d-%02d%@%02d:%02d:%02d%@%03d",
            Int(parts.tm_year) + 1900,
            Int(parts.tm_mon) + 1,
            Int(parts.tm_mday),
            separator,
            Int(parts.tm_hour),
            Int(parts.tm_min),
            Int(parts.tm_sec),
            fraction,
            Int(time.tv_nsec) / 1_000_000
        )
    }
}

private func writeLine(_ text: String, to descriptor: Int32) {
    var rest = Array((text + "\n").utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if written <= 0 && errno != EINTR { return }
        rest = rest.dropFirst(max(written, 0))
    }
}
