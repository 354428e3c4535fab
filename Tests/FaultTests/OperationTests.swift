import Foundation
import Kser
import KserKafka
import KserStore
import TestSupport
import Testing

extension FaultTests {
    /// Operations over worker processes that are killed.
    struct OperationTests {
        @Test func killedWorkersLeaveOperationsOnPostgreSQLInOrder() async throws {
            let server = try await PostgresServer()
            let store = try await PostgresOperationStore(server.connectionString)
            try await run("PostgreSQL", store, "postgresql=\(server.connectionString)")
        }

        @Test func killedWorkersLeaveOperationsOnSQLiteInOrder() async throws {
            let directory = try TemporaryDirectory("operations")
            let path = directory.url.appending(path: "operations.db").path()
            try await run("SQLite", try await SQLiteOperationStore(path: path), "sqlite=\(path)")
        }

        private func run(_ name: String, _ store: any OperationStore, _ argument: String) async throws {
            let dice = Dice()
            let (total, kills, steps) = (Size.pick(40, full: 200), Size.pick(2, full: 5), 8)
            print("operation test, \(name): seed \(dice.seed)")
            let stage = try await Stage(partitions: 6)
            let fleet = Fleet(stage, ["milliseconds=40", "session=10000", "key=8", argument])
            let names = ["a", "b", "c"]
            var workers: [Int] = []
            for name in names { workers.append(try await fleet.start(name)) }

            let producer = try Producer(ProducerConfiguration(bootstrapServers: stage.servers))
            let cluster = OperationCluster(store: store, producer: producer, topic: stage.topic)
            let start = ContinuousClock.now
            try await withThrowingTaskGroup { group in
                for number in 0..<total {
                    group.addTask {
                        try await Chain(steps: steps).build(uuid: "o\(number)", logger: .none).launch(on: cluster)
                    }
                }
                try await group.waitForAll()
            }
            var source = dice
            let victims = names.indices.flatMap { Array(repeating: $0, count: kills) }.shuffled(using: &source)
            for (moment, victim) in zip(dice.moments(victims.count, of: total * steps), victims) {
                try await fleet.handled(moment)
                try await Task.sleep(for: .milliseconds(dice.roll(0...50)))
                try await fleet.kill(workers[victim])
                workers[victim] = try await fleet.start(names[victim])
            }
            try await ended(total, in: store, fleet)
            let duration = start.duration(to: .now)
            try await stage.allCommitted(within: .seconds(60))
            for worker in workers { try await fleet.terminate(worker) }
            await producer.close()

            for number in 0..<total { try await check("o\(number)", steps: steps, in: store) }
            #expect(try await stage.deadLetters() == 0)
            let messages = try await stage.admin.messageCount(ofTopic: stage.topic, partitions: 6)
            report(
                "operations, \(name)",
                "seed \(dice.seed)",
                "\(total) operations of \(steps) tasks in \(duration.shown)",
                "\(victims.count) kills",
                "\(fleet.tally.value.twice) tasks run again",
                "\(messages - total * steps) messages copied"
            )
        }

        /// Waits until this many operations have succeeded.
        private func ended(_ count: Int, in store: any OperationStore, _ fleet: Fleet) async throws {
            var query = StoreQuery()
            query.statuses = [.success]
            query.limit = count
            let found = Watched(0)
            do {
                try await withDeadline(.seconds(120), "\(count) operations") { [query] in
                    while true {
                        let ended = try await store.operations(matching: query).count
                        found.update { $0 = ended }
                        if ended == count { return }
                        try await Task.sleep(for: .milliseconds(50))
                    }
                }
            } catch {
                var query = StoreQuery()
                query.limit = 5
                query.statuses = [.pending, .running, .failed]
                let rest = try await store.operations(matching: query)
                throw Stuck(cause: error, found: "\(found.value) of \(count), \(rest)\n\(fleet.logs)")
            }
        }

        /// Whether an operation went its one way: each task once, in order, with the recorded result of the one before.
        private func check(_ uuid: String, steps: Int, in store: any OperationStore) async throws {
            let record = try #require(try await store.operation(uuid))
            #expect(record.status == .success)
            #expect(record.tasks.allSatisfy { $0.status == .success })
            var chain: [JSON] = []
            for (step, task) in record.tasks.enumerated() {
                let links = task.result.retval["chain"]?.array ?? []
                #expect(Array(links.dropLast()) == chain, "a task goes on from the result that is recorded")
                #expect(links.last?["step"] == .integer(Int64(step)))
                chain = links
            }
            #expect(record.result?.retval["chain"] == .array(chain))

            let events = try await store.history(of: uuid)
            #expect(events.map(\.version) == Array(1...record.version))
            let done = events.filter { $0.taskStatus == .success }.compactMap(\.task)
            #expect(done == record.tasks.map(\.uuid), "each task ends once, and in order")
            var current = 0
            for event in events {
                guard let task = event.task, current < steps else { continue }
                #expect(task == record.tasks[current].uuid, "no task begins before its turn, or after its end")
                if event.taskStatus == .success { current += 1 }
            }
        }
    }
}

/// An operation whose tasks make a chain.
private struct Chain: OperationEntrypoint {
    let path = "fault.Chains"
    var steps: Int

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        for step in 0..<steps {
            TaskCall(ChainTask(), ["step": .integer(Int64(step))], uuid: "\(execution.uuid)-\(step)")
        }
    }
}

/// What the worker processes have registered.
private struct ChainTask: TaskEntrypoint {
    let path = "fault.Chain"

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult { execution.result() }
}

extension Admin {
    fileprivate func messageCount(ofTopic topic: String, partitions: Int32) async throws -> Int {
        var count = 0
        for partition in 0..<partitions { count += try await offsets(ofTopic: topic, partition: partition).count }
        return count
    }
}
