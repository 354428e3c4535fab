import Foundation
import Kser

/// A case of the consumer: its driver, what its client gives, and the acts of the test's hand.
struct ConsumerCase: Sendable {
    /// Something to do with one of the files.
    enum Act: Sendable {
        case touch(String)
        case remove(String)

        init(_ json: JSON) throws {
            let fields = try Fields(json, "act", allowing: ["do", "file"])
            let file = try fields.text("file")
            guard ["LOCK_FILE", "TERMINATE_FILE", "RUNNING_FILE"].contains(file) else {
                throw SchemaError("there is no file '\(file)'")
            }
            switch try fields.text("do") {
            case "touch": self = .touch(file)
            case "remove": self = .remove(file)
            case let other: throw SchemaError("unknown act '\(other)'")
            }
        }
    }

    /// What the client gives when it is polled.
    enum Polled: Sendable {
        case record([UInt8]?, before: [Act])
        /// Nothing, or an error of the client.
        case nothing(before: [Act])
    }

    let driver: Driver
    let config: JSONObject
    let topics: [JSON]
    let polled: [Polled]
    let before: [Act]
    let duringRun: [String: [Act]]
    let failures: [String: String]
    let onSleep: [[Act]]
    let isReleased: Bool

    init(_ given: JSONObject) throws {
        let given = try Fields(
            given,
            "given",
            allowing: [
                "driver", "config", "topics", "messages", "before", "during_run", "run_raises", "on_sleep", "release",
            ]
        )
        driver = try given.choice("driver")
        config = try given.optional("config", Fields.object) ?? [:]
        topics = try given.optional("topics", Fields.list) ?? ["t"]
        polled = try given.list("messages").map(Self.polled)
        before = try given.optional("before", Fields.list)?.map(Act.init) ?? []
        onSleep = try given.optional("on_sleep", Fields.list)?.map { try ($0.array ?? []).map(Act.init) } ?? []
        isReleased = try given.optional("release", Fields.truth) ?? false
        var duringRun: [String: [Act]] = [:]
        for (text, acts) in try given.optional("during_run", Fields.object) ?? JSONObject() {
            duringRun[text] = try (acts.array ?? []).map(Act.init)
        }
        self.duringRun = duringRun
        var failures: [String: String] = [:]
        for (text, exception) in try given.optional("run_raises", Fields.object) ?? JSONObject() {
            failures[text] = "\(try ScriptedError(exception, "given.run_raises").error)"
        }
        self.failures = failures
    }

    private static func polled(_ json: JSON) throws -> Polled {
        let fields = try Fields(json, "message", allowing: ["value", "value_base64", "none", "error", "before"])
        let before = try fields.optional("before", Fields.list)?.map(Act.init) ?? []
        if fields.has("none") || fields.has("error") { return .nothing(before: before) }
        if fields.has("value_base64") {
            guard let data = Data(base64Encoded: try fields.text("value_base64")) else {
                throw SchemaError("message.value_base64 is not base64")
            }
            return .record(Array(data), before: before)
        }
        if try fields.value("value").isNull { return .record(nil, before: before) }
        return .record(Array(try fields.text("value").utf8), before: before)
    }

    /// Whether the driver commits each message before it runs.
    var commitsBeforeRun: Bool { driver == .kafkaPython && config["enable_auto_commit"] == false }
    /// kser's confluent driver looks at no file.
    var looksAtFiles: Bool { driver == .kafkaPython }
}
