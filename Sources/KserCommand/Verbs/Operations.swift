import Foundation
import Kser
import KserKafka
import KserStore

extension Verb {
    static let operations = Verb(
        name: "operations",
        operands: "list | show UUID | cancel UUID | pause UUID | resume UUID | retry UUID",
        summary: "List, show and control launched operations",
        details: """
            The store is the path of a SQLite file, or a connection string of PostgreSQL: postgresql://… or host=… dbname=….
            cancel, pause, resume and retry may have to send a task: they need the brokers and the topic of the tasks.
            """,
        options: [
            Option("store", nil, value: "STORE", "where operations are kept; default KSER_STORE"),
            Option("topic", "t", value: "TOPIC", "the topic that tasks travel on"),
            Option("status", "s", value: "STATUS", "list: only these, such as FAILED; may be repeated"),
            Option("entrypoint", "e", value: "NAME", "list: only this entrypoint; may be repeated"),
            Option("unchanged-for", nil, value: "SECONDS", "list: only what has not changed for this long"),
            Option("limit", "n", value: "COUNT", "list: at most this many; default 100"), .json,
        ] + Option.keys + Option.sealing + Option.cluster
    ) { arguments in
        let action = try arguments.operands(1...2, "list, or an action and a UUID")[0]
        let actions = ["show", "cancel", "pause", "resume", "retry"]
        guard action == "list" || actions.contains(action) else {
            throw UsageError("\"\(action)\" must be list, \(actions.dropLast().joined(separator: ", ")) or retry")
        }
        if action == "list" {
            _ = try arguments.operands(1...1, "list")
            return try await OperationList(arguments).print(try await openStore(arguments))
        }
        let uuid = try arguments.operands(2...2, "\(action) UUID")[1]
        if action == "show" { return try await show(uuid, in: try await openStore(arguments), arguments) }
        guard let topic = arguments.text("topic") else {
            throw UsageError("--topic is missing: \(action) may send a task")
        }
        let producer = try Cluster(arguments).producer(codec: Sealing(arguments).writer)
        let store = try await openStore(arguments)
        let operation = OperationCluster(store: store, producer: producer, topic: topic).operation(uuid)
        switch action {
        case "cancel": try await operation.cancel()
        case "pause": try await operation.pause()
        case "resume": try await operation.resume()
        default: try await operation.retry()
        }
        try await producer.flush()
        await producer.close()
        let status = try await operation.record().status.rawValue
        arguments.has("json")
            ? Console.print(["uuid": .string(uuid), "status": .string(status)]) : Console.print("\(uuid) is \(status)")
    }

    private static func openStore(_ arguments: Arguments) async throws -> any OperationStore {
        let named = arguments.text("store") ?? ProcessInfo.processInfo.environment["KSER_STORE"] ?? ""
        if named.isEmpty { throw UsageError("the store is not named: give --store STORE or set KSER_STORE") }
        let isServer = named.hasPrefix("postgres://") || named.hasPrefix("postgresql://") || named.contains("=")
        if isServer { return try await PostgresOperationStore(named, connections: 1) }
        // Opening would make one.
        guard FileManager.default.fileExists(atPath: named) else {
            throw CommandError(.noInput, "there is no store at \(named)")
        }
        return try await SQLiteOperationStore(path: named)
    }

    private static func show(_ uuid: String, in store: any OperationStore, _ arguments: Arguments) async throws {
        guard let operation = try await store.operation(uuid) else {
            throw CommandError(.failure, "the store has no operation \(uuid)")
        }
        let tasks = operation.tasks.map { task -> JSON in
            .object([
                "uuid": .string(task.uuid), "entrypoint": .string(task.entrypoint), "step": .integer(Int64(task.step)),
                "status": .string(task.status.rawValue), "attempts": .integer(Int64(task.attempts)),
                "result": task.status == .pending ? nil : .object(task.result.json.redacted),
            ])
        }
        if arguments.has("json") {
            return Console.print([
                "uuid": .string(operation.uuid), "entrypoint": .string(operation.entrypoint),
                "status": .string(operation.status.rawValue), "params": .object(operation.params.redacted),
                "createdAt": .integer(operation.createdAt), "updatedAt": .integer(operation.updatedAt),
                "endedAt": operation.endedAt.map { .integer($0) } ?? nil,
                "result": operation.result.map { .object($0.json.redacted) } ?? nil, "tasks": .array(tasks),
            ])
        }
        Console.print("\(operation.entrypoint)[\(operation.uuid)] \(operation.status.rawValue)")
        if let result = operation.result { Console.print("result: \(result.retcode) \(result)") }
        var table = Table("step", "task", "uuid", "status", "attempts")
        for task in operation.tasks {
            table.add(
                .integer(Int64(task.step)),
                .string(task.entrypoint),
                .string(task.uuid),
                .string(task.status.rawValue),
                .integer(Int64(task.attempts))
            )
        }
        table.print(asJSON: false)
    }
}

/// Which operations are listed, and how.
private struct OperationList {
    private var query = StoreQuery()
    private let asJSON: Bool

    init(_ arguments: Arguments) throws {
        asJSON = arguments.has("json")
        query.statuses = Set(arguments.all("status").map { TaskStatus(rawValue: $0.uppercased()) })
        query.entrypoints = Set(arguments.all("entrypoint"))
        query.limit = try arguments.integer("limit", in: 1...1_000_000) ?? query.limit
        query.unchangedSince = try arguments.decimal("unchanged-for").map { seconds in
            Int64((Date().timeIntervalSince1970 - seconds) * 1_000)
        }
    }

    func print(_ store: any OperationStore) async throws {
        var table = Table("uuid", "entrypoint", "status", "createdAt", "updatedAt")
        for operation in try await store.operations(matching: query) {
            table.add(
                .string(operation.uuid),
                .string(operation.entrypoint),
                .string(operation.status.rawValue),
                asJSON ? .integer(operation.createdAt) : .string(MessageView.time(operation.createdAt)),
                asJSON ? .integer(operation.updatedAt) : .string(MessageView.time(operation.updatedAt))
            )
        }
        table.print(asJSON: asJSON)
    }
}
