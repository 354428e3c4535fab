import Foundation
import Kser
import KserKafka

/// How far replays came, kept as the committed offsets of a group of the dead-letter topic, one for each selection.
struct ReplayMarks {
    private let admin: Admin
    private let topic: String
    private let group: String

    init(_ admin: Admin, topic: String, _ arguments: Arguments) {
        self.admin = admin
        self.topic = topic
        var parts = ["uuid", "entrypoint", "reason", "partition", "offsets", "to"].map { name in
            "\(name)=\(arguments.all(name).sorted().joined(separator: ","))"
        }
        if arguments.has("any-origin") { parts.append("any-origin") }
        group = "kser-replay-\(topic)-\(Self.hash(parts.joined(separator: "\n")))"
    }

    func load() async throws -> [Int32: Int64] { try await admin.committedOffsets(ofGroup: group, topic: topic) }

    func save(_ ends: [Int32: Int64]) async throws {
        try await admin.setCommittedOffsets(ofGroup: group, topic: topic, to: ends)
    }

    /// FNV-1a: it only has to tell selections apart, and be the same in every run.
    private static func hash(_ text: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }
}
