import Foundation
import Kser
import KserKafka
import KserStore
import TestSupport
import Testing

extension FaultTests {
    /// Operations of many tasks, a thousand in `make soak`, over worker processes that are killed.
    struct LongOperationTests {
        @Test func killedWorkersFinishLongOperationsOnPostgreSQL() async throws {
            let server = try await PostgresServer()
            let store = try await PostgresOperationStore(server.connectionString)
            try await run("PostgreSQL", store, "postgresql=\(server.connectionString)")
        }

        @Test func killedWorkersFinishLongOperationsOnSQLite() async throws {
            let directory = try TemporaryDirectory("operations")
            let path = directory.url.appending(path: "operations.db").path()
            try await run("SQLite", try await SQLiteOperationStore(path: path), "sqlite=\(path)")
        }

        /// One operation after the other and one at once, and a worker dies now and then.
        private func run(_ name: String, _ store: some OperationStore, _ argument: String) async throws {
            let dice = Dice()
            let (tasks, kills) = (Size.pick(300, full: 1_000), Size.pick(3, full: 12))
            print("long operation test, \(name): seed \(dice.seed)")
            let stage = try await Stage(partitions: 6)
            let fleet = Fleet(stage, ["milliseconds=2", "session=6000", "key=8", argument])
            let names = ["a", "b", "c"]
            var workers: [Int] = []
            for name in names { workers.append(try await fleet.start(name)) }
            let producer = try Producer(ProducerConfiguration(bootstrapServers: stage.servers))
            let cluster = OperationCluster(store: store, producer: producer, topic: stage.topic)
            let start = ContinuousClock.now
            let launched = [
                try await Long(tasks: tasks).build(uuid: "sequence", logger: .none).launch(on: cluster),
                try await Long(tasks: tasks, isGroup: true).build(uuid: "group", logger: .none).launch(on: cluster),
            ]
            for moment in dice.moments(kills, of: 2 * tasks) {
                try await fleet.handled(moment, within: .seconds(240))
                let victim = dice.roll(0...2)
                try await fleet.kill(workers[victim])
                workers[victim] = try await fleet.start(names[victim])
            }
            for operation in launched {
                do {
                    try await withDeadline(.seconds(240), "the end of \(operation.uuid)") {
                        _ = try await operation.result()
                    }
                } catch {
                    throw Stuck(cause: error, found: "\(try await operation.head())\n\(fleet.logs)")
                }
            }
            let duration = start.duration(to: .now)
            for worker in workers { try await fleet.terminate(worker) }
            await producer.close()
            for operation in launched {
                let record = try await operation.record()
                #expect(record.status == .success)
                #expect(record.completed == tasks)
                let events = try await store.history(of: operation.uuid)
                #expect(events.map(\.version) == Array(1...record.version))
                let done = events.filter { $0.taskStatus == .success }.compactMap(\.task)
                #expect(Set(done).count == tasks && done.count == tasks, "each task ends once")
                if operation.uuid == "sequence" { #expect(done == record.tasks.map(\.uuid), "and in order") }
            }
            #expect(try await stage.deadLetters() == 0)
            report(
                "long operations, \(name)",
                "seed \(dice.seed)",
                "2 operations of \(tasks) tasks in \(duration.shown)",
                "\(kills) kills",
                "\(fleet.tally.value.twice) tasks run again"
            )
        }
    }
}

/// An operation whose tasks give nothing.
private struct Long: OperationEntrypoint {
    let path = "fault.Long"
    let tasks: Int
    var isGroup = false

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        if isGroup {
            TaskCall.concurrent { for place in 0..<tasks { call(place, execution) } }
        } else {
            for place in 0..<tasks { call(place, execution) }
        }
    }

    private func call(_ place: Int, _ execution: Execution) -> TaskCall {
        TaskCall(IdleTask(), uuid: "\(execution.uuid)-\(place)")
    }
}

/// What the worker processes have registered.
private struct IdleTask: TaskEntrypoint {
    let path = "fault.Idle"

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult { execution.result() }
}
