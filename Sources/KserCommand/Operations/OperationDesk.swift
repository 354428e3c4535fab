import Foundation
import Kser
import KserKafka

/// What is done to operations, for which tasks may have to be sent.
struct OperationDesk {
    private let store: OpenStore
    private let brokers: Cluster
    private let producer: Producer
    private let topic: String?
    private let asJSON: Bool

    init(_ arguments: Arguments) async throws {
        brokers = try Cluster(arguments)
        topic = arguments.text("topic")
        asJSON = arguments.has("json")
        store = try await OpenStore(arguments)
        producer = try brokers.producer(codec: Sealing(arguments).writer)
    }

    private func cluster(_ topic: String) -> OperationCluster {
        OperationCluster(store: store.store, producer: producer, topic: topic)
    }

    /// Does something to an operation, when the topics of its tasks are there.
    func control(_ uuid: String, _ body: (LaunchedOperation) async throws -> Void) async throws {
        let operation = try await store.operation(uuid)
        let stored = Set(operation.tasks.compactMap(\.topic))
        let isWhole = operation.tasks.allSatisfy { $0.topic != nil }
        if !isWhole, topic == nil {
            throw UsageError("an earlier release stored \(uuid) without the topic of its tasks: give --topic")
        }
        if isWhole, let topic, !stored.contains(topic) {
            throw UsageError(
                "the tasks of \(uuid) travel on \(stored.sorted().joined(separator: ", ")), not on \(topic): "
                    + "leave --topic out"
            )
        }
        try await demand(stored.union(isWhole ? [] : [topic ?? ""]))
        try await body(cluster(topic ?? "").operation(uuid))
        try await end(uuid)
    }

    func launch(_ form: OperationForm) async throws {
        guard let topic else { throw UsageError("--topic is missing: the topic that the tasks travel on") }
        try await demand([topic])
        let launched = try await form.build().launch(on: cluster(topic))
        try await end(launched.uuid)
    }

    func recover() async throws {
        let count = try await cluster(topic ?? "").recover()
        try await producer.flush()
        await producer.close()
        asJSON
            ? Console.print(["recovered": .integer(Int64(count))])
            : Console.print("\(count) operation(s) made go on")
    }

    /// A topic that is not there would be made by sending to it, and nobody reads it.
    private func demand(_ topics: Set<String>) async throws {
        let there = Set(try await brokers.admin().topics().map(\.name))
        let missing = topics.subtracting(there).sorted()
        if missing.isEmpty { return }
        throw CommandError(.failure, "there is no topic \(missing.joined(separator: ", ")); nothing was changed")
    }

    private func end(_ uuid: String) async throws {
        try await producer.flush()
        await producer.close()
        let status = try await cluster("").operation(uuid).head().status.rawValue
        asJSON
            ? Console.print(["uuid": .string(uuid), "status": .string(status)]) : Console.print("\(uuid) is \(status)")
    }
}
