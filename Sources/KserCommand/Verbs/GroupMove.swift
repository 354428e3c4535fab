import Kser
import KserKafka

/// Sets where a group goes on: `kser groups reset` and `skip`.
struct GroupMove {
    private enum Place {
        case earliest
        case latest
        case offset(Int64)
        /// This many after the next one.
        case after(Int64)
    }

    private let group: String
    private let topic: String
    private let partition: Int32?
    private let place: Place

    /// Nil when the arguments ask for something else.
    init?(_ arguments: Arguments) throws {
        guard let action = arguments.operands.first, ["reset", "skip"].contains(action) else { return nil }
        let operands = try arguments.operands(3...3, "\(action) GROUP TOPIC")
        group = operands[1]
        topic = operands[2]
        partition = try arguments.integer("partition", in: 0...Int(Int32.max)).map { Int32($0) }
        if action == "skip" {
            if partition == nil { throw UsageError("--partition is missing: skip moves the group in one") }
            place = .after(Int64(try arguments.integer("count", in: 1...Int(Int32.max)) ?? 1))
        } else {
            place = try Self.place(arguments.text("to"))
        }
    }

    private static func place(_ text: String?) throws -> Place {
        switch text {
        case nil: throw UsageError("--to is missing: it is earliest, latest or an offset")
        case "earliest"?: return .earliest
        case "latest"?: return .latest
        case let text?:
            guard let offset = Int64(text), offset >= 0 else {
                throw UsageError("--to must be earliest, latest or an offset, not \"\(text)\"")
            }
            return .offset(offset)
        }
    }

    /// Moves the group, and prints from where to where.
    func run(on admin: Admin, asJSON: Bool) async throws {
        if let members = try await admin.groups().first(where: { $0.name == group })?.members, members > 0 {
            throw CommandError(.failure, "group \"\(group)\" has \(members) member(s): stop its workers first")
        }
        let committed = try await admin.committedOffsets(ofGroup: group, topic: topic)
        let partitions = try await admin.topic(topic).partitions.map(\.id).filter { partition ?? $0 == $0 }
        if partitions.isEmpty {
            throw CommandError(.failure, "topic \"\(topic)\" has no partition \(partition ?? 0)")
        }
        var offsets: [Int32: Int64] = [:]
        var table = Table("topic", "partition", "from", "to")
        for partition in partitions {
            let held = try await admin.offsets(ofTopic: topic, partition: partition)
            let offset = try target(in: held, after: committed[partition], partition)
            offsets[partition] = offset
            table.add(
                .string(topic),
                .integer(Int64(partition)),
                committed[partition].map { .integer($0) } ?? nil,
                .integer(offset)
            )
        }
        try await admin.setCommittedOffsets(ofGroup: group, topic: topic, to: offsets)
        table.print(asJSON: asJSON)
    }

    private func target(in held: Range<Int64>, after committed: Int64?, _ partition: Int32) throws -> Int64 {
        let name = "\(topic)[\(partition)]"
        switch place {
        case .earliest: return held.lowerBound
        case .latest: return held.upperBound
        case .offset(let offset):
            if (held.lowerBound...held.upperBound).contains(offset) { return offset }
            throw CommandError(
                .failure,
                "\(name) holds offsets \(held.lowerBound) to \(held.upperBound), and --to is \(offset)"
            )
        case .after(let count):
            let next = max(held.lowerBound, committed ?? held.lowerBound)
            let left = max(0, held.upperBound - next)
            if count <= left { return next + count }
            throw CommandError(
                .failure,
                "\(name) has \(left) message(s) that group \"\(group)\" has not committed, and --count is \(count)"
            )
        }
    }
}
