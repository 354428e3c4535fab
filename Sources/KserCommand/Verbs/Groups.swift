import Kser
import KserKafka

extension Verb {
    static let groups = Verb(
        name: "groups",
        operands: "[GROUP [TOPIC…]] | reset GROUP TOPIC | skip GROUP TOPIC",
        summary: "List consumer groups, how far one has come in each partition, or move one",
        details: """
            Without topics, it is every topic that the group has committed offsets of. reset has the group go on from another
            place, in every partition unless one is named; skip leaves out the next messages of a partition, for example one
            that ends the process of each worker. Neither is possible while the group has members: stop its workers first.
            """,
        options: [
            Option("to", nil, value: "PLACE", "reset: earliest, latest or an offset"),
            Option("partition", "p", value: "NUMBER", "reset: only this partition; skip: the partition"),
            Option("count", "n", value: "COUNT", "skip: how many messages; default 1"), .json,
        ] + Option.cluster
    ) { arguments in
        let admin = try Cluster(arguments).admin()
        if let move = try GroupMove(arguments) { return try await move.run(on: admin, asJSON: arguments.has("json")) }
        guard let group = arguments.operands.first else {
            var table = Table("group", "state", "members")
            for group in try await admin.groups() {
                table.add(.string(group.name), .string(group.state), .integer(Int64(group.members)))
            }
            return table.print(asJSON: arguments.has("json"))
        }
        let asked = Array(arguments.operands.dropFirst())
        var topics = asked
        if asked.isEmpty { topics = try await admin.topics().map(\.name) }
        var table = Table("topic", "partition", "committed", "end", "lag")
        var isKnown = false
        for topic in topics {
            let committed = try await admin.committedOffsets(ofGroup: group, topic: topic)
            if asked.isEmpty, committed.isEmpty { continue }
            isKnown = true
            for (partition, lag) in try await admin.lag(ofGroup: group, topic: topic).sorted(by: { $0.key < $1.key }) {
                let held = try await admin.offsets(ofTopic: topic, partition: partition)
                table.add(
                    .string(topic),
                    .integer(Int64(partition)),
                    committed[partition].map { .integer($0) } ?? nil,
                    .integer(held.upperBound),
                    .integer(lag)
                )
            }
        }
        if !isKnown { throw CommandError(.failure, "group \"\(group)\" has committed nothing") }
        table.print(asJSON: arguments.has("json"))
    }
}
