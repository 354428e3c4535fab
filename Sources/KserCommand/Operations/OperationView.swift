import Foundation
import Kser

/// Shows one operation.
struct OperationView {
    private let asJSON: Bool
    private let changes: Int

    init(_ arguments: Arguments) throws {
        asJSON = arguments.has("json")
        changes = try arguments.integer("limit", in: 1...1_000_000) ?? 100
    }

    /// Shows its tasks, and what happened in which order.
    func show(_ uuid: String, in store: OpenStore) async throws {
        let operation = try await store.operation(uuid)
        let history = try await store.store.history(of: uuid)
        if asJSON { return Console.print(json(operation, history)) }
        Console.print("\(operation.entrypoint)[\(operation.uuid)] \(operation.status.rawValue)")
        if let result = operation.result { Console.print("result: \(result.retcode) \(result)") }
        var tasks = Table("step", "task", "uuid", "status", "attempts", "topic")
        for task in operation.tasks {
            tasks.add(
                .integer(Int64(task.step)),
                .string(task.entrypoint),
                .string(task.uuid),
                .string(task.status.rawValue),
                .integer(Int64(task.attempts)),
                task.topic.map { .string($0) } ?? nil
            )
        }
        tasks.print(asJSON: false)
        Console.print("")
        if history.count > changes { Console.print("… \(history.count - changes) changes before") }
        let names = Dictionary(operation.tasks.map { ($0.uuid, $0.entrypoint) }) { first, _ in first }
        var timeline = Table("time", "round", "operation", "task", "status")
        for event in history.suffix(changes) {
            timeline.add(
                .string(MessageView.time(event.time)),
                .integer(Int64(event.round)),
                .string(event.status.rawValue),
                event.task.map { .string("\(names[$0] ?? "?")[\($0)]") } ?? nil,
                event.taskStatus.map { .string($0.rawValue) } ?? nil
            )
        }
        timeline.print(asJSON: false)
    }

    private func json(_ operation: OperationRecord, _ history: [OperationEvent]) -> JSONObject {
        func text(_ value: String?) -> JSON { value.map { .string($0) } ?? nil }
        func number(_ value: Int64?) -> JSON { value.map { .integer($0) } ?? nil }
        let tasks = operation.tasks.map { task -> JSON in
            [
                "uuid": .string(task.uuid), "entrypoint": .string(task.entrypoint), "topic": text(task.topic),
                "step": .integer(Int64(task.step)), "status": .string(task.status.rawValue),
                "attempts": .integer(Int64(task.attempts)), "startedAt": number(task.startedAt),
                "endedAt": number(task.endedAt),
                "result": task.status == .pending ? nil : .object(task.result.json.redacted),
            ]
        }
        let changes = history.suffix(changes).map { event -> JSON in
            [
                "version": .integer(Int64(event.version)), "time": .integer(event.time),
                "round": .integer(Int64(event.round)), "status": .string(event.status.rawValue),
                "task": text(event.task), "taskStatus": text(event.taskStatus?.rawValue),
            ]
        }
        return [
            "uuid": .string(operation.uuid), "entrypoint": .string(operation.entrypoint),
            "status": .string(operation.status.rawValue), "error": text(operation.error),
            "params": .object(operation.params.redacted), "createdAt": .integer(operation.createdAt),
            "updatedAt": .integer(operation.updatedAt), "endedAt": number(operation.endedAt),
            "result": operation.result.map { .object($0.json.redacted) } ?? nil, "tasks": .array(tasks),
            "history": .array(changes),
        ]
    }

    /// Shows how far it is until it has ended. One that has not succeeded is a failure.
    func watch(_ uuid: String, in store: OpenStore) async throws {
        _ = try await store.operation(uuid)
        let cluster = OperationCluster(store: store.store, producer: NoProducer(), topic: "")
        let interrupt = Interrupt()
        let watching = Task { [asJSON] in
            var status = TaskStatus.pending
            for try await progress in cluster.operation(uuid).progress {
                status = progress.status
                asJSON ? Console.print(progress.json) : Console.print("\(progress)")
            }
            return status
        }
        interrupt.then { watching.cancel() }
        let status = try await watching.value
        if status == .success { return }
        let error = try await cluster.operation(uuid).head().error
        throw CommandError(.failure, "\(uuid) is \(status.rawValue)\(error.map { ": \($0)" } ?? "")")
    }
}

extension OperationProgress {
    fileprivate var json: JSONObject {
        [
            "uuid": .string(uuid), "status": .string(status.rawValue), "completed": .integer(Int64(completed)),
            "total": .integer(Int64(total)), "running": .array(running.map { .string($0) }),
            "elapsed": .integer(elapsed.milliseconds),
        ]
    }
}

/// For who only looks.
private struct NoProducer: MessageProducer {
    let codec: any MessageCodec = JSONMessageCodec()
    let logger = KserLogger.none

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        throw KserError.internal("Nothing is sent by who only looks")
    }
}
