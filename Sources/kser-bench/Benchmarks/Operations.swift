import Foundation
import Kser
import KserKafka
import KserStore
import TestSupport

/// What a task of an operation costs beside a task that sends the next one by itself, and how many changes a second the
/// stores take from 8 writers.
@concurrent
func operations(on stage: Stage) async throws -> [Row] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "kser-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let sqlite = try await SQLiteOperationStore(path: folder.appending(path: "operations.db").path())
    let server = Installation.hasPostgreSQL ? try await PostgresServer() : nil
    var postgres: PostgresOperationStore?
    if let server { postgres = try await PostgresOperationStore(server.connectionString, connections: 8) }

    let broker = try await Broker.start()
    let bare = try await millisecondsOfBareTask(on: broker)
    var rows: [Row] = []
    let stores: [(String, (any OperationStore)?)] = [("sqlite", sqlite), ("postgresql", postgres)]
    for case (let name, let store?) in stores {
        let ours = try await millisecondsOfTask(in: store, on: broker, topic: name)
        rows.append(
            Row(
                name: "operation-\(name)",
                ours: ours,
                baseline: bare,
                unit: "ms a task",
                higherIsBetter: false,
                target: 10
            )
        )
        let rate = try await transitionsPerSecond(of: store)
        rows.append(
            Row(name: "transitions-\(name)", ours: rate, baseline: 1_000, unit: "transitions/s", target: 1)
        )
        rows += try await growth(of: store, on: broker, topic: name)
    }
    return rows
}

private let length = 100

/// A task that does nothing, as a step of an operation.
private struct Idle: TaskEntrypoint {
    let path = "bench.Idle"
    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult { execution.result() }
}

/// What a task of a long operation costs beside one of a short one, and one of a group beside one of a sequence, with as
/// many workers.
private func growth(of store: any OperationStore, on broker: Broker, topic: String) async throws -> [Row] {
    func time(_ shape: Shape, _ workers: Int = 1, runs: Int) async throws -> Double {
        let name = "\(topic)-\(shape.tasks)-\(shape.isGroup ? "group" : "sequence")-\(workers)"
        return try await milliseconds(of: shape, workers, runs: runs, in: store, on: broker, topic: name)
    }
    let short = try await time(Shape(tasks: 10), runs: 30)
    let long = try await time(Shape(tasks: 1_000), runs: 1)
    let sequence = try await time(Shape(tasks: 500), 8, runs: 1)
    let group = try await time(Shape(tasks: 500, isGroup: true), 8, runs: 1)
    return [
        Row(
            name: "operation-1000-\(topic)",
            ours: long,
            baseline: short,
            unit: "ms a task",
            higherIsBetter: false,
            target: 1.5
        ),
        Row(
            name: "operation-group-500-\(topic)",
            ours: group,
            baseline: sequence,
            unit: "ms a task",
            higherIsBetter: false,
            target: 1
        ),
    ]
}

/// How many tasks an operation has, and whether they run at once.
private struct Shape: Sendable {
    var tasks: Int
    var isGroup = false
}

/// What a task of operations of a shape takes, one operation after another.
private func milliseconds(
    of shape: Shape,
    _ workers: Int,
    runs: Int,
    in store: any OperationStore,
    on broker: Broker,
    topic: String
) async throws -> Double {
    let (ends, end) = AsyncStream.makeStream(of: Void.self)
    let controller = Controller(logger: .none)
    try await controller.register(Idle())
    try await controller.register(Ended(shape) { end.yield() })
    return try await withWorker(controller, on: broker, topic: topic, store: store, workers: workers) { cluster in
        guard let cluster else { throw Misuse("no cluster") }
        func run(_ shape: Shape) async throws {
            try await Ended(shape) {}.build(logger: .none).launch(on: cluster)
            for await _ in ends { return }
        }
        try await run(Shape(tasks: 10))
        let start = ContinuousClock.now
        for _ in 0..<runs { try await run(shape) }
        return start.duration(to: .now) / .milliseconds(1) / Double(runs * shape.tasks)
    }
}

/// One operation after another, its tasks handled by one worker.
private func millisecondsOfTask(
    in store: any OperationStore,
    on broker: Broker,
    topic: String
) async throws -> Double {
    let (ends, end) = AsyncStream.makeStream(of: Void.self)
    let controller = Controller(logger: .none)
    try await controller.register(Idle())
    try await controller.register(Ended { end.yield() })
    return try await withWorker(controller, on: broker, topic: topic, store: store) { cluster in
        guard let cluster else { throw Misuse("no cluster") }
        return try await median {
            try await Ended {}.build(logger: .none).launch(on: cluster)
            for await _ in ends { return }
        }
    }
}

/// An operation that tells its end by its hook, not by its progress, which is read now and then.
private struct Ended: OperationEntrypoint {
    let path = "bench.Ended"
    let shape: Shape
    let end: @Sendable () -> Void

    init(_ shape: Shape = Shape(tasks: length), _ end: @escaping @Sendable () -> Void) {
        self.shape = shape
        self.end = end
    }

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        if shape.isGroup {
            TaskCall.concurrent { for _ in 0..<shape.tasks { TaskCall(Idle()) } }
        } else {
            for _ in 0..<shape.tasks { TaskCall(Idle()) }
        }
    }

    func onSuccess(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult {
        end()
        return result
    }
}

/// As many tasks, each of which sends the next one.
private func millisecondsOfBareTask(on broker: Broker) async throws -> Double {
    let (ends, end) = AsyncStream.makeStream(of: Void.self)
    let controller = Controller(logger: .none)
    let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers), logger: .none)
    try await controller.register("bench.Bare") { (_: JSONObject, execution) in
        let left = (execution.params["left"]?.int ?? 0) - 1
        if left > 0 {
            try await producer.send(bareTask(left), to: "bare")
        } else {
            end.yield()
        }
    }
    let figure = try await withWorker(controller, on: broker, topic: "bare") { _ in
        try await median {
            try await producer.send(bareTask(length), to: "bare")
            for await _ in ends { return }
        }
    }
    await producer.close()
    return figure
}

private func bareTask(_ left: Int) -> Message {
    Message(entrypoint: "bench.Bare", params: ["left": .integer(Int64(left))])
}

/// The median of 7 runs of so many tasks, after one to warm up.
private func median(_ run: () async throws -> Void) async throws -> Double {
    var times: [Double] = []
    for round in 0...7 {
        let start = ContinuousClock.now
        try await run()
        if round > 0 { times.append(start.duration(to: .now) / .milliseconds(1) / Double(length)) }
    }
    return times.median
}

private func withWorker<Value>(
    _ controller: Controller,
    on broker: Broker,
    topic: String,
    store: (any OperationStore)? = nil,
    workers count: Int = 1,
    _ body: (OperationCluster?) async throws -> Value
) async throws -> Value {
    try await broker.createTopic(topic, partitions: max(3, count))
    let servers = broker.bootstrapServers
    let producer = try Producer(ProducerConfiguration(bootstrapServers: servers), logger: .none)
    let cluster = store.map { OperationCluster(store: $0, producer: producer, topic: topic) }
    let workers = try (0..<count).map { _ in
        Worker(
            consumer: try Consumer(ConsumerConfiguration(bootstrapServers: servers, groupID: topic), topics: [topic]),
            controller: controller,
            options: WorkerOptions(operations: cluster)
        )
    }
    let value = try await withThrowingTaskGroup { group in
        for worker in workers { group.addTask { try await worker.run() } }
        let value: Result<Value, any Error>
        do { value = .success(try await body(cluster)) } catch { value = .failure(error) }
        for worker in workers { await worker.shutdown() }
        try await group.waitForAll()
        return try value.get()
    }
    await producer.close()
    return value
}

/// 8 writers that each change an operation of their own.
private func transitionsPerSecond(of store: any OperationStore) async throws -> Double {
    let changes = 500
    let start = ContinuousClock.now
    try await withThrowingTaskGroup { group in
        for writer in 0..<8 {
            group.addTask {
                let uuid = "bench-\(writer)"
                let operation = OperationRecord(
                    uuid: uuid,
                    entrypoint: "bench.Idle",
                    createdAt: 0,
                    tasks: [TaskRecord(operation: uuid, place: 0, step: 0, uuid: uuid, entrypoint: "", createdAt: 0)]
                )
                try await store.insert(operation)
                for change in 0..<changes {
                    let made: Void? = try await store.change(uuid, at: 0) { draft throws(StoreError) in
                        try draft.update(0) { $0.status = TaskStatus(rawValue: "\(change)") }
                    }
                    if made == nil { throw Misuse("a change was lost") }
                }
            }
        }
        try await group.waitForAll()
    }
    return Double(8 * changes) / (start.duration(to: .now) / .seconds(1))
}
