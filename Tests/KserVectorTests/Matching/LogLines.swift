import Kser
import Synchronization

/// Keeps what is logged.
final class LogLines: LogSink {
    private let records = Mutex<[LogRecord]>([])

    func log(_ record: LogRecord) { records.withLock { $0.append(record) } }

    /// A logger that keeps every line here.
    var logger: KserLogger {
        var logger = KserLogger(level: .debug, sink: self)
        logger.logsRefusedContent = true
        return logger
    }

    /// The lines since the last call, in the form of the vectors.
    func take() -> JSON {
        let taken = records.withLock { records in
            defer { records = [] }
            return records
        }
        return .array(taken.map(\.json))
    }

    /// The lines of one logger so far, without what they are about.
    func lines(of logger: String) -> JSON {
        .array(records.withLock { $0 }.filter { $0.logger == logger }.map(\.line).map(JSON.object))
    }
}

extension LogLines {
    /// The logger that speaks here where a Python module of this name speaks there.
    static func logger(for python: String) -> String {
        switch python {
        case _ where python.hasPrefix("kser.") && python.hasSuffix(".consumer"): "kser.consumer"
        case "kser_crypto.controller": "kser.controller"
        default: python
        }
    }

    /// The part of a line that is compared: in a `PreBuild` line a Python dict follows the second colon.
    static func comparable(_ line: String) -> String {
        guard line.contains(".PreBuild: ") else { return line }
        return line.split(separator: ": ", maxSplits: 2).prefix(2).joined(separator: ": ")
    }

    /// What kind of line it is: its level, its logger and its text up to the first blank, such as `Dice.Success`.
    static func kind(of line: JSONObject) -> String {
        let message = line["message"]?.string ?? ""
        let head = message.split(separator: " ", maxSplits: 1).first ?? ""
        let logger = logger(for: line["logger"]?.string ?? "")
        return "\(line["level"]?.string ?? "") \(logger) \(head.hasSuffix(":") ? head.dropLast() : head)"
    }
}

extension LogRecord {
    fileprivate var line: JSONObject {
        ["logger": .string(logger), "level": .string(level.name), "message": .string(message)]
    }

    fileprivate var json: JSON {
        var line = line
        let extra = extra
        if !extra.isEmpty { line["extra"] = .object(extra) }
        return .object(line)
    }

    /// What the line is about, under Python's names of record attributes. Facts that a handler gave are texts here; one
    /// under these names is compared as the JSON value that its text holds.
    private var extra: JSONObject {
        var extra: JSONObject = [:]
        extra["kmsg"] = kmsg.map { .object($0.json) } ?? given("kmsg")
        extra["kresult"] = kresult.map { .object($0.json) } ?? given("kresult")
        extra["error"] = error ?? given("error")
        extra["kafka_raw_data"] = metadata["kafka_raw_data"].map(JSON.string)
        return extra
    }

    private func given(_ name: String) -> JSON? {
        metadata[name].map { (try? JSON(parsing: $0)) ?? .string($0) }
    }
}

extension Message {
    /// The message as an object, its fields in kser's order.
    var json: JSONObject {
        [
            "uuid": .string(uuid), "entrypoint": .string(entrypoint), "params": .object(params),
            "result": .object(result.json), "metadata": .object(metadata),
        ]
    }
}
