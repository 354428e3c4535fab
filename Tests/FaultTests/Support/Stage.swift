import Foundation
import Kser
import KserKafka
import TestSupport

/// A broker process of one's own with the topics of a test.
struct Stage: Sendable {
    let broker: NoidaBroker
    let admin: Admin
    let topic = "jobs"
    let group = "workers"

    init(partitions: Int) async throws {
        broker = try await NoidaBroker()
        admin = try Admin(bootstrapServers: broker.bootstrapServers)
        try await admin.createTopics([
            NewTopic(topic, partitions: partitions), NewTopic(topic + "-dlt", partitions: 1),
            NewTopic("results", partitions: 1), NewTopic("next", partitions: 2),
        ])
    }

    var servers: String { broker.bootstrapServers }

    /// Sends tasks `0..<count` as `t0`, `t1`, … with this many keys.
    func send(_ numbers: Range<Int>, keys: Int = 1_000) async throws {
        let producer = try Producer(ProducerConfiguration(bootstrapServers: servers))
        try await producer.send(contentsOf: try numbers.map { try .task($0, keys: keys, to: topic) })
        await producer.close()
    }

    /// How many dead letters there are.
    func deadLetters() async throws -> Int {
        try await admin.offsets(ofTopic: topic + "-dlt", partition: 0).count
    }

    /// Waits until what the group has yet to commit, by partition, fulfils a condition.
    func lags(_ isTrue: ([Int32: Int64]) -> Bool) async throws {
        try await poll { isTrue(try await admin.lag(ofGroup: group, topic: topic)) }
    }

    /// Waits until the group has committed all that the topic holds.
    func allCommitted(within duration: Duration = .seconds(30)) async throws {
        try await FaultTests.allCommitted(admin, group: group, topic: topic, within: duration)
    }
}

extension FaultTests {
    /// Waits until a group has committed all that a topic holds.
    static func allCommitted(_ admin: Admin, group: String, topic: String, within duration: Duration) async throws {
        let last = Watched("nothing yet")
        do {
            try await withDeadline(duration, "commits of all of \(topic)") {
                try await poll {
                    do {
                        let lag = try await admin.lag(ofGroup: group, topic: topic)
                        last.update { $0 = "\(lag)" }
                        return lag.values.allSatisfy { $0 == 0 }
                    } catch {
                        // A broker that is just back may not answer yet.
                        last.update { $0 = "\(error)" }
                        return false
                    }
                }
            }
        } catch {
            throw Stuck(cause: error, found: last.value)
        }
    }

    /// Something did not come, and what was there instead.
    struct Stuck: Error, CustomStringConvertible {
        var cause: any Error
        var found: String
        var description: String { "\(cause); found \(found)" }
    }
}

extension ProducerRecord {
    /// The task of this number: uuid `t<number>`, its key one of `keys`.
    static func task(_ number: Int, keys: Int, to topic: String) throws -> ProducerRecord {
        let message = Message(uuid: "t\(number)", entrypoint: "fault.Step")
        return ProducerRecord(
            topic: topic,
            key: Array("k\(number % keys)".utf8),
            value: try JSONMessageCodec().encode(message)
        )
    }
}
