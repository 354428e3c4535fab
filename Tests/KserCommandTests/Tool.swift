import Foundation
import Kser
import KserKafka
import TestSupport
import Testing

/// The command line tool, as a process of its own.
///
/// One test after the other: each starts processes of its own.
@Suite(.serialized, .timeLimit(.minutes(3)))
enum KserCommandTests {}

enum Tool {
    static func start(
        _ arguments: [String],
        _ environment: [String: String] = [:],
        input: URL? = nil
    ) throws -> ChildProcess {
        // What the machine has set must not decide.
        let names = ["BOOTSTRAP_SERVERS", "CONTROL_TOPIC", "SECRETBOX_KEY", "SECRETBOX_KEYS", "STORE"]
        let clean = Dictionary(uniqueKeysWithValues: names.map { ("KSER_\($0)", "") })
        let program = Components.products.appending(path: "kser").path()
        return try ChildProcess(program, arguments, environment: clean.merging(environment) { $1 }, input: input)
    }

    /// Runs it to its end.
    static func run(
        _ arguments: String...,
        environment: [String: String] = [:],
        input: URL? = nil
    ) async throws -> ChildProcess.Output {
        try await start(arguments, environment, input: input).end(within: .seconds(60))
    }

    /// The lines of JSON that it printed.
    static func objects(_ output: ChildProcess.Output) throws -> [JSONObject] {
        try output.lines.map { line in try #require(try JSON(parsing: line).object) }
    }
}

/// A broker with topics of the test's own.
struct Desk {
    let servers: String
    let topic: String
    let admin: Admin

    init(_ name: String, partitions: Int = 3) async throws {
        servers = try await NoidaBroker.shared().bootstrapServers
        topic = "\(name)-\(UUID().uuidString.prefix(8))"
        admin = try Admin(bootstrapServers: servers)
        try await admin.createTopics([
            NewTopic(topic, partitions: partitions), NewTopic(topic + "-dlt", partitions: partitions),
        ])
    }

    var environment: [String: String] { ["KSER_BOOTSTRAP_SERVERS": servers] }

    /// How many records a topic holds.
    func count(_ topic: String) async throws -> Int {
        var count = 0
        for partition in try await admin.topic(topic).partitions {
            count += try await admin.offsets(ofTopic: topic, partition: partition.id).count
        }
        return count
    }
}
