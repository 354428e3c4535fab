import Kser
import KserTesting
import Synchronization
import Testing

/// A worker whose broker does not take all that comes of its messages: tasks in `jobs`, results in `results`.
struct RefusalBench: Sendable {
    let broker = InMemoryBroker()
    let clock = ManualClock()
    let outcomes = Outcomes()
    let controller: Controller
    let runs = Runs()
    let producer: Picky

    init(_ rule: @escaping Picky.Rule = { _ in nil }) {
        controller = Controller(logger: .none, monitor: outcomes)
        producer = Picky(broker, rule)
        broker.createTopic("jobs")
    }

    final class Runs: Sendable {
        private let counted = Mutex<[String: Int]>([:])
        func note(_ uuid: String) { counted.withLock { $0[uuid, default: 0] += 1 } }
        var all: [String: Int] { counted.withLock { $0 } }
    }

    /// Registers `step`, which counts its runs.
    func register(_ work: @escaping @Sendable (Execution) async throws -> ExecutionResult = { $0.result() })
        async throws
    {
        try await controller.register("step") { [runs] (_: JSONObject, execution) in
            runs.note(execution.uuid)
            return try await work(execution)
        }
    }

    func send(
        _ uuid: String,
        to entrypoint: String = "step",
        params: JSONObject = [:],
        key: [UInt8]? = nil,
        headers: [Record.Header] = []
    ) async throws {
        let message = Message(uuid: uuid, entrypoint: entrypoint, params: params)
        try await broker.makeProducer().send(message, to: "jobs", key: key, headers: headers)
    }

    func options(retries: RetryPolicy? = nil) -> WorkerOptions {
        var options = WorkerOptions(
            replies: Replies(to: "results", with: producer),
            deadLetters: DeadLetterTopic(with: producer),
            retries: retries
        )
        options.clock = clock.workerClock
        return options
    }

    func worker(_ options: WorkerOptions, _ concurrency: Concurrency = .partition) -> Worker {
        let topics = options.retries?.topics?.names(for: "jobs") ?? []
        return Worker(
            consumer: broker.makeConsumer(topics: ["jobs"] + topics, group: "g"),
            controller: controller,
            concurrency: concurrency,
            options: options
        )
    }

    /// Runs a worker, with time passing, until something is so.
    func run(
        _ options: WorkerOptions,
        _ concurrency: Concurrency = .partition,
        until isDone: () -> Bool
    ) async throws {
        try await worker(options, concurrency).whileRunning { await passTime(until: isDone) }
    }

    /// Runs a worker, with time passing, until it ends by itself.
    ///
    /// - Returns: the error that it ends with.
    func end(of options: WorkerOptions) async -> (any Error)? {
        let hasEnded = Mutex(false)
        let worker = worker(options)
        let running = Task { () -> (any Error)? in
            defer { hasEnded.withLock { $0 = true } }
            do { try await worker.run() } catch { return error }
            return nil
        }
        await passTime { hasEnded.withLock { $0 } }
        return await running.value
    }

    /// Lets time pass; the suite has a deadline.
    private func passTime(until isDone: () -> Bool) async {
        while !isDone(), !Task.isCancelled {
            clock.advance(by: .milliseconds(100))
            await Task.yield()
        }
    }

    var committed: Int64? { broker.committedOffset(group: "g", topic: "jobs") }

    /// The results by uuid.
    var results: [String: Message] {
        let messages = broker.records(in: "results").compactMap { try? JSONMessageCodec().decode($0.value ?? []) }
        return Dictionary(messages.map { ($0.uuid, $0) }) { $1 }
    }
}
