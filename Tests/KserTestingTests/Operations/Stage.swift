import Kser
import KserTesting
import Synchronization

/// What tasks note while they run, and who waits for it.
final class Journal: Sendable {
    private let texts = Mutex<[String]>([])
    private let waiting = Mutex<[String: Requirement]>([:])

    func note(_ text: String) {
        texts.withLock { $0.append(text) }
        waiting.withLock { $0[text] }?.fulfill()
    }

    func wait(for text: String) async throws {
        let expectation = waiting.withLock { waiting in
            let expectation = waiting[text] ?? Requirement(text)
            waiting[text] = expectation
            return expectation
        }
        if all.contains(text) { return }
        try await expectation.wait(atMost: .seconds(30))
    }

    var all: [String] { texts.withLock { $0 } }
}

/// A task that notes that it ran, and that it was compensated.
struct ClusterStep: TaskEntrypoint {
    typealias Work = @Sendable (Execution) async throws -> ExecutionResult

    let path: String
    let journal: Journal
    var work: Work
    var undo: @Sendable (Execution) throws -> Void = { _ in }

    init(_ name: String, _ journal: Journal, _ work: Work? = nil) {
        path = "test.\(name)"
        self.journal = journal
        self.work = work ?? { $0.result(stdout: name, retval: [name: true]) }
    }

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        journal.note(execution.name)
        return try await work(execution)
    }

    func compensate(_ parameters: JSONObject, in execution: Execution) async throws {
        journal.note("undo \(execution.name): \(execution.result)")
        try undo(execution)
    }
}

/// An operation of these steps.
struct ClusterSteps: OperationEntrypoint {
    var path = "test.Steps"
    var timeLimit: Duration?
    var compensatesOnFailure = false
    var journal = Journal()
    var conclusion: @Sendable (ExecutionResult) throws -> ExecutionResult = { $0 }
    var calls: @Sendable () -> [TaskCall]

    init(@TaskListBuilder _ calls: @escaping @Sendable () -> [TaskCall]) { self.calls = calls }

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] { calls() }

    func setStatus(_ status: TaskStatus, result: ExecutionResult?, in execution: Execution) async throws {
        journal.note("\(execution.status.rawValue) -> \(status.rawValue)")
        execution.status = status
    }

    func onSuccess(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult {
        journal.note("success")
        return try conclusion(result)
    }

    func onError(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult {
        journal.note("error \(result.retcode)")
        return result
    }
}

/// Workers on an in-memory broker, their store and their cluster.
struct Stage: Sendable {
    let broker = InMemoryBroker()
    let store = InMemoryOperationStore()
    let clock = ManualClock()
    let controller = Controller(logger: .none)
    let journal = Journal()
    var cluster: OperationCluster
    var topics = ["jobs"]
    var group = "workers"

    init(partitions: Int = 1) {
        broker.createTopic("jobs", partitions: partitions)
        cluster = OperationCluster(store: store, producer: broker.makeProducer(), topic: "jobs")
        cluster = makeCluster(broker.makeProducer())
    }

    /// A cluster that sends through this producer.
    func makeCluster(_ producer: some MessageProducer) -> OperationCluster {
        var cluster = OperationCluster(store: store, producer: producer, topic: "jobs")
        cluster.pollInterval = .milliseconds(5)
        cluster.recoveryInterval = .seconds(3_600)
        return cluster
    }

    /// A step that is registered.
    @discardableResult
    func step(_ name: String, _ work: ClusterStep.Work? = nil) async throws -> ClusterStep {
        let step = ClusterStep(name, journal, work)
        try await controller.register(step)
        return step
    }

    func makeWorker(
        _ producer: (any MessageProducer)? = nil,
        options: WorkerOptions = WorkerOptions()
    ) -> Worker {
        var options = options
        options.operations = producer.map { makeCluster($0) } ?? cluster
        return Worker(
            consumer: broker.makeConsumer(topics: topics, group: group),
            controller: controller,
            options: options
        )
    }

    /// Runs workers while the body runs.
    func withWorkers<Value>(
        _ count: Int = 1,
        options: WorkerOptions = WorkerOptions(),
        _ body: () async throws -> Value
    ) async throws -> Value {
        let workers = (0..<count).map { _ in makeWorker(options: options) }
        return try await withThrowingTaskGroup { group in
            for worker in workers { group.addTask { try await worker.run() } }
            let value: Result<Value, any Error>
            do { value = .success(try await body()) } catch { value = .failure(error) }
            for worker in workers { await worker.shutdown() }
            try await group.waitForAll()
            return try value.get()
        }
    }

    /// Waits until everything that was sent so far to a partition is handled.
    func settle(partition: Int32 = 0) async throws {
        let done = Requirement("the messages before")
        try await controller.register("settle") { (_: JSONObject, _) in done.fulfill() }
        try await broker.makeProducer().send(Message(entrypoint: "settle"), to: "jobs", partition: partition)
        try await done.wait(atMost: .seconds(30))
    }

    /// The cluster on the manual clock.
    var withManualClock: OperationCluster {
        var cluster = cluster
        cluster.clock = clock.workerClock
        return cluster
    }

    /// Options whose clock is the manual one.
    var options: WorkerOptions {
        var options = WorkerOptions()
        options.clock = clock.workerClock
        return options
    }

    /// Runs a worker until the body returns, and ends it as a crash would: nothing it still has to do is done.
    func killWorker(_ worker: Worker, _ body: () async throws -> Void) async throws {
        let running = Task { try await worker.run() }
        defer { running.cancel() }
        try await body()
        running.cancel()
        _ = await running.result
    }

    /// Waits until a task of this name has run.
    func waitForNote(_ name: String) async throws { try await journal.wait(for: name) }

    /// A copy of an operation, as the process leaves it that dies before it sends the first task.
    static func orphan(of record: OperationRecord, uuid: String = "orphan") -> OperationRecord {
        var orphan = OperationRecord(
            uuid: uuid,
            entrypoint: record.entrypoint,
            createdAt: 0,
            tasks: record.tasks.map {
                TaskRecord(
                    operation: uuid,
                    place: $0.place,
                    step: $0.step,
                    uuid: "\(uuid)-\($0.place)",
                    entrypoint: $0.entrypoint,
                    createdAt: 0
                )
            }
        )
        orphan.tasks[0].cause = ""
        (orphan.inFlight, orphan.nextPlace, orphan.dueAt) = (1, 1, 0)
        return orphan
    }
}
