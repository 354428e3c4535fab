import Foundation
import Kser
import KserTesting
import TestSupport
import Testing

@testable import KserStore

/// Operations on real stores, and what becomes of them while a store cannot be used.
@Suite(.timeLimit(.minutes(2))) struct StoreOutageTests {
    private let broker = InMemoryBroker()
    private let met = Requirement("the worker has met the outage")
    private let ran = Watched<[String]>([])

    @Test func tasksWaitForAServerThatIsDown() async throws {
        let server = try await PostgresServer()
        let store = try await PostgresOperationStore(server.connectionString, connections: 2)
        let result = try await run(on: store, outage: { try await server.stop() }, end: { try await server.restart() })
        #expect(result.stdout == "third")
        #expect(ran.value == ["first", "second", "third"])
    }

    @Test func tasksWaitForAFileThatIsLocked() async throws {
        let folder = try TemporaryDirectory("sqlite")
        let path = folder.url.appending(path: "operations.db").path()
        let other = try await SQLiteOperationStore(path: path)
        let options = SQLiteOptions(lockTimeout: .milliseconds(20))
        let store = try await SQLiteOperationStore(path: path, options: options)
        let result = try await run(
            on: store,
            outage: { try await other.execute("BEGIN EXCLUSIVE") },
            end: { try await other.execute("COMMIT") }
        )
        #expect(result.stdout == "third")
        #expect(ran.value == ["first", "second", "third"])
    }

    @Test func tasksWaitForADiskThatIsFull() async throws {
        let folder = try TemporaryDirectory("sqlite")
        let path = folder.url.appending(path: "operations.db").path()
        let store = try await SQLiteOperationStore(path: path)
        let result = try await run(
            on: store,
            outage: { try await store.limitPages(to: 0) },
            end: { try await store.limitPages(to: 1_000_000) }
        )
        #expect(result.stdout == "third")
        #expect(ran.value == ["first", "second", "third"])
    }

    /// Runs an operation whose second task begins an outage of the store, and ends the outage once the worker has met it.
    private func run(
        on store: some OperationStore,
        outage: @escaping @Sendable () async throws -> Void,
        end: () async throws -> Void
    ) async throws -> ExecutionResult {
        let controller = Controller(logger: KserLogger(level: .error, sink: Meeting(met: met)))
        let ran = ran
        let steps = ["first", "second", "third"].map { name in
            Part(name: name) {
                ran.update { $0.append(name) }
                if name == "second" { try await outage() }
            }
        }
        for step in steps { try await controller.register(step) }
        let cluster = OperationCluster(store: store, producer: broker.makeProducer(), topic: "jobs")
        let launched = try await Parts(steps: steps).build(logger: .none).launch(on: cluster)
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "workers"),
            controller: controller,
            options: WorkerOptions(operations: cluster)
        )
        let running = Task { try await worker.run() }
        try await met.wait(atMost: .seconds(60))
        #expect(broker.records(in: "jobs").count == 2)
        try await end()
        let result = try await launched.result()
        await worker.shutdown()
        try await running.value
        #expect(broker.committedOffset(group: "workers", topic: "jobs") == 3)
        return result
    }
}

/// Sees the worker say that it could not send or record an outcome.
private struct Meeting: LogSink {
    let met: Requirement

    func log(_ record: LogRecord) {
        if record.message.contains("not sent, trying again") { met.fulfill() }
    }
}

private struct Part: TaskEntrypoint {
    let name: String
    let work: @Sendable () async throws -> Void
    var path: String { "outage.\(name)" }

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        try await work()
        return execution.result(stdout: name, retval: [name: .string(String(repeating: "x", count: 100_000))])
    }
}

private struct Parts: OperationEntrypoint {
    let path = "outage.Parts"
    let steps: [Part]

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        for step in steps { TaskCall(step) }
    }
}
