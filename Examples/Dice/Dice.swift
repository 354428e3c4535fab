import Foundation
import Kser
import KserKafka

/// Sends 30 rolls to a topic of 3 partitions, runs them partition by partition side by side, and reads the results back.
///
/// It runs on a broker of its own, or on the cluster in `KSER_BOOTSTRAP_SERVERS`.
@main
struct Dice {
    private static let tasks = 30
    private static let partitions = 3

    static func main() async {
        do {
            try await run()
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }

    private static func run() async throws {
        let start = ContinuousClock.now
        let broker = try environmentServers == nil ? EmbeddedBroker() : nil
        guard let servers = broker?.bootstrapServers ?? environmentServers else { return }
        let run = UUID().uuidString.prefix(8).lowercased()
        let (jobs, results) = ("dice-\(run)", "dice-results-\(run)")
        try await createTopics(jobs, results, on: broker, servers)

        let logger = KserLogger(level: .info, sink: HumanLogSink.standardOutput)
        let producer = try Producer(ProducerConfiguration(bootstrapServers: servers))
        let rolls = (0..<tasks).map { _ in DiceRoll().message(["faces": 6]) }
        try await producer.send(contentsOf: rolls, to: jobs)

        let controller = Controller(logger: logger)
        try await controller.register(DiceRoll())
        let worker = Worker(
            consumer: try Consumer(consumerConfiguration(servers, group: "dice-\(run)"), topics: [jobs]),
            controller: controller,
            options: WorkerOptions(replies: Replies(to: results, with: producer))
        )
        async let working: Void = worker.run()

        let succeeded = try await countSuccesses(of: Set(rolls.map(\.uuid)), in: results, servers)
        await worker.shutdown()
        try await working
        await producer.close()

        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        print("\(tasks) tasks, \(succeeded) succeeded, \(partitions) partitions, \(Int(milliseconds)) ms")
        if succeeded != tasks { exit(1) }
    }

    private static var environmentServers: String? {
        ProcessInfo.processInfo.environment["KSER_BOOTSTRAP_SERVERS"]
    }

    private static func createTopics(_ jobs: String, _ results: String, on broker: EmbeddedBroker?, _ servers: String)
        async throws
    {
        if let broker {
            try await broker.createTopic(jobs, partitions: partitions)
            try await broker.createTopic(results, partitions: 1)
        } else {
            try await Admin(bootstrapServers: servers).createTopics([
                NewTopic(jobs, partitions: partitions), NewTopic(results, partitions: 1),
            ])
        }
    }

    private static func consumerConfiguration(_ servers: String, group: String) -> ConsumerConfiguration {
        ConsumerConfiguration(bootstrapServers: servers, groupID: group)
    }

    private static func countSuccesses(of uuids: Set<String>, in topic: String, _ servers: String) async throws -> Int {
        let reader = try Consumer(consumerConfiguration(servers, group: topic), topics: [topic])
        var missing = uuids
        var succeeded = 0
        for try await record in reader {
            let reply = try JSONMessageCodec().decode(record.value ?? [])
            guard missing.remove(reply.uuid) != nil else { continue }
            if reply.result.isSuccess { succeeded += 1 }
            if missing.isEmpty { break }
        }
        await reader.close()
        return succeeded
    }
}
