import Kser
import KserKafka

extension Verb {
    static let topics = Verb(
        name: "topics",
        operands: "[TOPIC…]",
        summary: "List topics with their partitions and how many records they hold",
        options: [
            Option("partitions", "p", "one row for each partition"),
            Option("internal", nil, "the brokers' own topics too, whose names begin with __"), .json,
        ] + Option.cluster
    ) { arguments in
        let admin = try Cluster(arguments).admin()
        let known = try await admin.topics()
        let names = arguments.operands
        if let missing = names.first(where: { name in !known.contains { $0.name == name } }) {
            throw CommandError(.failure, "there is no topic \"\(missing)\"")
        }
        var table =
            arguments.has("partitions")
            ? Table("topic", "partition", "leader", "begin", "end") : Table("topic", "partitions", "records")
        let isListed = { (topic: TopicDescription) in
            names.isEmpty ? arguments.has("internal") || !topic.name.hasPrefix("__") : names.contains(topic.name)
        }
        for topic in known where isListed(topic) {
            var records: Int64 = 0
            for partition in topic.partitions {
                let held = try await admin.offsets(ofTopic: topic.name, partition: partition.id)
                records += Int64(held.count)
                guard arguments.has("partitions") else { continue }
                table.add(
                    .string(topic.name),
                    .integer(Int64(partition.id)),
                    partition.leader.map { .integer(Int64($0)) } ?? nil,
                    .integer(held.lowerBound),
                    .integer(held.upperBound)
                )
            }
            guard !arguments.has("partitions") else { continue }
            table.add(.string(topic.name), .integer(Int64(topic.partitions.count)), .integer(records))
        }
        table.print(asJSON: arguments.has("json"))
    }
}
