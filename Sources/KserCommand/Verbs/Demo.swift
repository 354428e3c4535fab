import Foundation
import Kser
import KserKafka

extension Verb {
    static let demo = Verb(
        name: "demo",
        operands: "",
        summary: "Send 30 dice tasks through a broker and run them",
        details: "Without brokers it starts one of its own, in this process.",
        options: [.json] + Option.cluster
    ) { arguments in
        _ = try arguments.operands(0...0, "")
        let stage = try await WorkStage(arguments, topic: "dice", partitions: 3)
        let isJSON = arguments.has("json")
        let logger = KserLogger(
            level: .info,
            sink: isJSON ? JSONLinesLogSink.standardOutput : HumanLogSink.standardOutput
        )
        let rolled = try await stage.run(count: 30, logger: logger) { execution in
            let faces = (1...2).map { _ in Int.random(in: 1...6) }
            return execution.result(stdout: "Rolled \(faces[0]) and \(faces[1])")
        }
        let time = Int(rolled.handling / .milliseconds(1))
        isJSON
            ? Console.print(["tasks": 30, "partitions": 3, "milliseconds": .integer(Int64(time))])
            : Console.print("30 tasks, 3 partitions, \(time) ms")
    }

    static let bench = Verb(
        name: "bench",
        operands: "",
        summary: "Measure how many tasks this machine sends and handles",
        details: """
            Tasks with a handler that does nothing go through a topic of 4 partitions, made for the run. Without brokers it
            starts one of its own, in this process, which takes its share of the machine.
            """,
        options: [
            Option("messages", "n", value: "COUNT", "how many tasks; default 20000"), .json,
        ] + Option.cluster
    ) { arguments in
        _ = try arguments.operands(0...0, "")
        let count = try arguments.integer("messages", in: 1...10_000_000) ?? 20_000
        let stage = try await WorkStage(arguments, topic: "bench", partitions: 4)
        let times = try await stage.run(count: count, logger: .none) { execution in execution.result() }
        let sent = Int64(Double(count) / (times.sending / .seconds(1)))
        let handled = Int64(Double(count) / (times.handling / .seconds(1)))
        if arguments.has("json") {
            Console.print([
                "messages": .integer(Int64(count)), "sentPerSecond": .integer(sent),
                "handledPerSecond": .integer(handled),
            ])
        } else {
            Console.print("\(count) messages: \(sent)/s sent and acknowledged, \(handled)/s handled and committed")
        }
    }
}

/// A topic of its own, on the brokers that are named or one of this process, and a worker on it.
private struct WorkStage {
    private let cluster: Cluster
    private let broker: EmbeddedBroker?
    private let topic: String
    private static let entrypoint = "kser.Work"

    init(_ arguments: Arguments, topic: String, partitions: Int) async throws {
        let isNamed = arguments.has("bootstrap-servers") || Cluster.environmentServers != nil
        broker = isNamed ? nil : try EmbeddedBroker()
        cluster = try Cluster(arguments, servers: broker?.bootstrapServers)
        self.topic = "kser-\(topic)-\(UUID().uuidString.prefix(8).lowercased())"
        try await cluster.admin().createTopics([NewTopic(self.topic, partitions: partitions)])
    }

    /// Sends tasks, then handles them all.
    func run(
        count: Int,
        logger: KserLogger,
        _ body: @escaping @Sendable (Execution) async throws -> ExecutionResult
    ) async throws -> (sending: Duration, handling: Duration) {
        let clock = ContinuousClock()
        let codec = JSONMessageCodec()
        let producer = try cluster.producer(codec: codec)
        let value = { try codec.encode(Message(entrypoint: Self.entrypoint)) }
        let sending = try await clock.measure {
            try await producer.send(
                contentsOf: (0..<count).map { _ in ProducerRecord(topic: topic, value: try value()) }
            )
        }
        await producer.close()

        let controller = Controller(logger: logger)
        let (handled, finish) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(count))
        try await controller.register(Self.entrypoint) { (_: JSONObject, execution) in
            defer { finish.yield() }
            return try await body(execution)
        }
        let worker = Worker(consumer: try cluster.consumer(topic, group: topic), controller: controller)
        var iterator = handled.makeAsyncIterator()
        async let working: Void = worker.run()
        _ = await iterator.next()
        // From the first task on: joining the group takes its own time.
        let handling = await clock.measure { for _ in 1..<max(count, 1) { _ = await iterator.next() } }
        await worker.shutdown()
        try await working
        return (sending, handling)
    }
}
