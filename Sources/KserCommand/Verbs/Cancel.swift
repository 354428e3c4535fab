import Foundation
import Kser
import KserKafka

extension Verb {
    static let cancel = Verb(
        name: "cancel",
        operands: "UUID…",
        summary: "Cancel tasks by their uuid, wherever they run or wait",
        details: """
            It writes into the control topic that the workers read: Cancellations(topic: …) of their options. A task that runs is
            cancelled, one that waits is not run, and the result of either has retcode 499. It returns when the topic has the
            cancellation. An operation is cancelled by kser operations cancel UUID.
            """,
        options: [
            Option("topic", "t", value: "TOPIC", "the control topic; default KSER_CONTROL_TOPIC"),
            Option("reason", "r", value: "TEXT", "what the tasks' results say"), .json,
        ] + Option.keys + Option.sealing + Option.cluster
    ) { arguments in
        let uuids = try arguments.operands(1...Int.max, "UUID…")
        if uuids.contains("") { throw UsageError("a UUID is empty") }
        let topic = arguments.text("topic") ?? ProcessInfo.processInfo.environment["KSER_CONTROL_TOPIC"] ?? ""
        if topic.isEmpty {
            throw UsageError("the control topic is not named: give --topic TOPIC or set KSER_CONTROL_TOPIC")
        }
        let cluster = try Cluster(arguments)
        let codec = try Sealing(arguments).writer
        // Sending would make one, in some clusters, that no worker reads.
        guard try await cluster.admin().topics().contains(where: { $0.name == topic }) else {
            throw CommandError(.failure, "there is no topic \"\(topic)\": name that of the workers' Cancellations")
        }
        let producer = try cluster.producer(codec: codec)
        let canceller = TaskCanceller(topic: topic, with: producer)
        for uuid in uuids {
            try await canceller.cancel(uuid, reason: arguments.text("reason") ?? "")
            arguments.has("json")
                ? Console.print(["uuid": .string(uuid), "topic": .string(topic)])
                : Console.print("\(uuid) is to be cancelled")
        }
        await producer.close()
    }
}
