import Foundation
import Kser
import KserKafka

extension Verb {
    static let tail = Verb(
        name: "tail",
        operands: "TOPIC",
        summary: "Show the messages at the end of a topic",
        details: """
            It joins no group and commits nothing. Sealed messages are opened when there is the key. Values of params that
            look like secrets are shown as *** unless --secrets is given.
            """,
        options: [
            Option("follow", "f", "go on with what arrives, until SIGINT"),
            Option("lines", "n", value: "COUNT", "how many of each partition; default 10"),
            Option("from-beginning", nil, "all that the topic holds"),
            Option("partition", "p", value: "NUMBER", "this partition alone"),
            Option("secrets", nil, "show everything"), .json,
        ] + Option.keys + Option.cluster
    ) { arguments in
        let topic = try arguments.operands(1...1, "TOPIC")[0]
        let view = MessageView(
            codec: try Sealing(arguments).reader,
            asJSON: arguments.has("json"),
            showsSecrets: arguments.has("secrets")
        )
        let count = arguments.has("from-beginning") ? Int.max : try arguments.integer("lines") ?? 10
        let only = try arguments.integer("partition", in: 0...Int(Int32.max)).map { Int32($0) }
        let reader = try Cluster(arguments).reader()
        let interrupt = Interrupt()

        var held = try await reader.offsets(of: topic)
        if let only, held[only] == nil {
            throw CommandError(.failure, "topic \"\(topic)\" has no partition \(only), only 0 to \(held.count - 1)")
        }
        var next = held.mapValues { max($0.lowerBound, $0.upperBound - Int64(clamping: count)) }
        while true {
            for (partition, range) in held.sorted(by: { $0.key < $1.key }) where only == nil || partition == only {
                let first = max(next[partition] ?? range.lowerBound, range.lowerBound)
                if first >= range.upperBound { continue }
                try await reader.read(topic, partition: partition, offsets: first..<range.upperBound) { record in
                    view.show(record)
                    return !interrupt.isWished
                }
                next[partition] = range.upperBound
            }
            if !arguments.has("follow") || interrupt.isWished { return }
            try await Task.sleep(for: .milliseconds(250))
            held = try await reader.offsets(of: topic)
        }
    }
}
