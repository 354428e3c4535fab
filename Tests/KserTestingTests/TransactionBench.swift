import Kser
import KserTesting
import Synchronization
import Testing

/// A worker with transactions on the in-memory broker: tasks in `jobs`, results in `results`.
struct TransactionBench: Sendable {
    let broker = InMemoryBroker()
    let clock = ManualClock()
    let controller = Controller(logger: .none)
    let producer: ScriptedTransactions

    init(partitions: Int = 1) {
        broker.createTopic("jobs", partitions: partitions)
        producer = ScriptedTransactions(broker.makeTransactionalProducer())
    }

    func options(_ transactions: (inout Transactions) -> Void = { _ in }) -> WorkerOptions {
        var settings = Transactions(with: producer)
        transactions(&settings)
        var options = WorkerOptions(replies: Replies(to: "results", with: producer), transactions: settings)
        options.clock = clock.workerClock
        return options
    }

    /// Sends tasks with uuids `t0`, `t1`, …, by turns to the partitions.
    func send(_ numbers: Range<Int>, to entrypoint: String = "step", partitions: Int = 1) async throws {
        let sender = broker.makeProducer()
        for number in numbers {
            let message = Message(uuid: "t\(number)", entrypoint: entrypoint)
            try await sender.send(message, to: "jobs", partition: Int32(number % partitions))
        }
    }

    func withWorker(
        _ options: WorkerOptions,
        _ concurrency: Concurrency = .partition,
        _ body: () async throws -> Void
    ) async throws {
        try await makeWorker(options, concurrency).whileRunning(body)
    }

    func makeWorker(_ options: WorkerOptions, _ concurrency: Concurrency = .partition) -> Worker {
        Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            concurrency: concurrency,
            options: options
        )
    }

    /// Lets time pass, for what waits for it, until it has led to something; the suite has a deadline.
    func passTime(until isDone: () -> Bool) async {
        while !isDone(), !Task.isCancelled {
            clock.advance(by: .milliseconds(100))
            await Task.yield()
        }
    }

    /// The uuids of the results, in order.
    var results: [String] {
        broker.records(in: "results").map { String(decoding: $0.key ?? [], as: UTF8.self) }
    }

    func committed(_ partition: Int32 = 0) -> Int64? {
        broker.committedOffset(group: "g", topic: "jobs", partition: partition)
    }
}

/// A producer whose transactions fail when a test says so, and that counts them.
final class ScriptedTransactions: TransactionalMessageProducer {
    struct Failure: ClientError {
        var verdict = SendVerdict.transient
        var failedIndex: Int?
    }

    private struct State {
        var sizes: [Int] = []
        var attempts = 0
    }

    typealias Script = @Sendable (_ attempt: Int, [ProducerRecord]) throws -> Void

    let script = Mutex<Script>({ _, _ in })
    private let inner: InMemoryTransactionalProducer
    private let state = Mutex(State())

    init(_ inner: InMemoryTransactionalProducer) { self.inner = inner }

    var codec: any MessageCodec { inner.codec }
    var logger: KserLogger { inner.logger }
    /// How many offsets and records each committed transaction had.
    var sizes: [Int] { state.withLock { $0.sizes } }
    var attempts: Int { state.withLock { $0.attempts } }

    func prepare() async throws { try script.withLock { $0 }(0, []) }

    func commit(_ records: [ProducerRecord], completing progress: [PartitionProgress]) async throws -> [RecordMetadata]
    {
        let attempt = state.withLock { state in
            state.attempts += 1
            return state.attempts
        }
        try script.withLock { $0 }(attempt, records)
        let metadata = try await inner.commit(records, completing: progress)
        state.withLock { $0.sizes.append(records.count) }
        return metadata
    }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        guard let outbox = Outbox.current(of: self) else { return try await inner.send(record) }
        try outbox.append(record)
        return RecordMetadata(pending: record)
    }
}
