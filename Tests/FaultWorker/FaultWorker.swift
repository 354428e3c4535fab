import Foundation
import Kser
import KserKafka
import KserStore

/// A worker process for the fault tests. It writes a line `uuid partition offset` for each handled task, at once, into a
/// pipe that survives it, after a line `running` once signals end it gracefully, and lines of its log to its standard error.
///
/// Arguments are `name=value`: servers, topic, group; milliseconds (the longest a handler takes), key (the limit of
/// `.key`, instead of `.partition`), session, instance, transactions (their id: each task is then answered in the topic
/// `results` and sends a record with its uuid as key to `next`); sqlite or postgresql (where operations are kept, by path
/// or connection string); crashes (the folder in which it is noted what is begun and what is handled).
@main
struct FaultWorker {
    static func main() async throws {
        let arguments = Dictionary(
            CommandLine.arguments.dropFirst().compactMap { argument -> (String, String)? in
                let parts = argument.split(separator: "=", maxSplits: 1)
                return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
            },
            uniquingKeysWith: { $1 }
        )
        let servers = arguments["servers"] ?? ""
        let topic = arguments["topic"] ?? ""
        let logger = KserLogger(level: .info, sink: HumanLogSink.standardError)
        let longest = Double(arguments["milliseconds"] ?? "") ?? 0

        let transactional = try arguments["transactions"].map { id in
            try TransactionalProducer(ProducerConfiguration(bootstrapServers: servers), id: id, logger: logger)
        }
        let controller = Controller(logger: KserLogger(level: .info, sink: StartSink()))
        try await controller.register("fault.Step") { (_: JSONObject, execution) in
            if longest > 0 { try await Task.sleep(for: .milliseconds(.random(in: 0...longest))) }
            let place = execution.record.map { "\($0.partition) \($0.offset)" } ?? ""
            try await transactional?.send(ProducerRecord(topic: "next", key: Array(execution.uuid.utf8), value: []))
            write(line: "\(execution.uuid) \(place)")
        }

        try await controller.register(ChainTask(longest: longest))
        try await controller.register(IdleTask(longest: longest))
        var handled: SQLiteDeduplicationWindow?
        var crashes: CrashLimit?
        if let folder = arguments["crashes"] {
            let window = try await SQLiteDeduplicationWindow(path: "\(folder)/handled.db")
            try await controller.register(TrapTask(handled: window))
            handled = window
            crashes = CrashLimit(3, in: try await SQLiteCrashJournal(path: "\(folder)/begun.db"))
        }

        var configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: arguments["group"] ?? "")
        configuration.commitInterval = .milliseconds(200)
        configuration.sessionTimeout = arguments["session"].flatMap { Int($0) }.map { .milliseconds($0) }
        configuration.heartbeatInterval = .milliseconds(200)
        configuration.groupInstanceID = arguments["instance"]
        let producer = try Producer(ProducerConfiguration(bootstrapServers: servers))
        let store = try await openStore(arguments)
        let worker = Worker(
            consumer: try Consumer(configuration, topics: [topic], logger: logger),
            controller: controller,
            concurrency: arguments["key"].flatMap { Int($0) }.map { .key(limit: $0) } ?? .partition,
            options: WorkerOptions(
                replies: transactional.map { Replies(to: "results", with: $0) },
                deadLetters: DeadLetterTopic(with: producer),
                retries: crashes.map { RetryPolicy(inPlace: .none, crashes: $0) },
                transactions: transactional.map { Transactions(with: $0, maxDelay: .milliseconds(20)) },
                operations: store.map { OperationCluster(store: $0, producer: producer, topic: topic) },
                deduplication: handled,
                shutdownSignals: [.terminate, .interrupt]
            )
        )
        try await worker.run()
        await producer.close()
        await transactional?.close()
    }

    private static func openStore(_ arguments: [String: String]) async throws -> (any OperationStore)? {
        if let path = arguments["sqlite"] { return try await SQLiteOperationStore(path: path) }
        if let server = arguments["postgresql"] { return try await PostgresOperationStore(server) }
        return nil
    }
}

/// A task that adds a link of its own to the chain in the result of the task before.
struct ChainTask: TaskEntrypoint {
    struct Parameters: Decodable { var step: Int }

    let path = "fault.Chain"
    var longest: Double

    func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        if longest > 0 { try await Task.sleep(for: .milliseconds(.random(in: 0...longest))) }
        let chain = execution.result.retval["chain"]?.array ?? []
        let link: JSON = ["step": .integer(Int64(parameters.step)), "run": .string(UUID().uuidString)]
        let place = execution.record.map { "\($0.partition) \($0.offset)" } ?? ""
        write(line: "\(execution.uuid) \(place)")
        return execution.result(retval: ["chain": .array(chain + [link])])
    }
}

/// A task that gives nothing.
struct IdleTask: TaskEntrypoint {
    let path = "fault.Idle"
    var longest: Double

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        if longest > 0 { try await Task.sleep(for: .milliseconds(.random(in: 0...longest))) }
        write(line: "\(execution.uuid) \(execution.record.map { "\($0.partition) \($0.offset)" } ?? "")")
        return execution.result()
    }
}

/// A task that ends the process, once others are handled.
struct TrapTask: TaskEntrypoint {
    struct Parameters: Decodable { var after: [String] }

    let path = "fault.Trap"
    let handled: SQLiteDeduplicationWindow

    func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        for uuid in parameters.after {
            while try await !handled.contains(DeduplicationKey(uuid: uuid)) {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        return execution.result(stdout: "\([Int]()[1])")
    }
}

/// Says when the worker runs, and passes on what goes wrong.
private struct StartSink: LogSink {
    func log(_ record: LogRecord) {
        if record.message == "Consumer.Starting..." { write(line: "running") }
        if record.level >= .warning { HumanLogSink.standardError.log(record) }
    }
}

private func write(line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(STDOUT_FILENO, bytes, bytes.count)
}
