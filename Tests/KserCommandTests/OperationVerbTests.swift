import Foundation
import Kser
import KserKafka
import KserStore
import TestSupport
import Testing

extension KserCommandTests {
    struct OperationVerbTests {
        private struct Step: TaskEntrypoint {
            struct Parameters: Codable, Sendable { var number: Int }
            let path = "test.Step"
            func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
                execution.result(stdout: "step \(parameters.number)")
            }
        }

        private struct Steps: OperationEntrypoint {
            let path = "test.Steps"
            func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
                [TaskCall(Step(), ["number": 1]), TaskCall(Step(), ["number": 2])]
            }
        }

        /// Launches an operation that no worker takes.
        private func launch(on desk: Desk, in store: any OperationStore) async throws -> String {
            let producer = try Producer(ProducerConfiguration(bootstrapServers: desk.servers))
            let cluster = OperationCluster(store: store, producer: producer, topic: desk.topic)
            let operation = try await Steps().build().launch(on: cluster)
            await producer.close()
            return operation.uuid
        }

        @Test func operationsAreListedShownAndControlled() async throws {
            let desk = try await Desk("operations", partitions: 1)
            let folder = try TemporaryDirectory("operations")
            let path = folder.url.appending(path: "operations.db").path()
            let uuid = try await launch(on: desk, in: try await SQLiteOperationStore(path: path))
            let environment = desk.environment.merging(["KSER_STORE": path]) { $1 }
            func run(_ words: String...) async throws -> ChildProcess.Output {
                try await Tool.start(["operations"] + words, environment).end(within: .seconds(60))
            }

            let listed = try Tool.objects(try await run("list", "--json"))
            #expect(listed.map { $0["uuid"] } == [.string(uuid)])
            #expect(listed.first?["entrypoint"] == "test.Steps")
            #expect(try Tool.objects(try await run("list", "--status", "failed", "--json")).isEmpty)
            let shown = try #require(try Tool.objects(try await run("show", uuid, "--json")).first)
            #expect(shown["tasks"]?.array?.count == 2)
            #expect(try await run("show", uuid).lines.first?.hasPrefix("test.Steps[\(uuid)] ") == true)

            let paused = try await run("pause", uuid, "--topic", desk.topic, "--json")
            #expect(try Tool.objects(paused).first?["status"] == "PAUSED", "\(paused)")
            let resumed = try await run("resume", uuid, "--topic", desk.topic, "--json")
            #expect(["PENDING", "RUNNING"].contains(try Tool.objects(resumed).first?["status"]?.string), "\(resumed)")
            let again = try await run("resume", uuid, "--topic", desk.topic)
            #expect(again.status == 1)
            #expect(again.errorText.contains("invalidTransition"))
            #expect(try Tool.objects(try await run("cancel", uuid, "--topic", desk.topic, "--json")).count == 1)
            let ended = try #require(try Tool.objects(try await run("show", uuid, "--json")).first)
            #expect(["CANCELLED", "CANCELLING"].contains(ended["status"]?.string))
        }

        /// A store beside a broker.
        private func place(_ name: String) async throws -> (desk: Desk, path: String, folder: TemporaryDirectory) {
            let folder = try TemporaryDirectory("operations")
            let path = folder.url.appending(path: "operations.db").path()
            return (try await Desk(name, partitions: 1), path, folder)
        }

        @Test func aWrongTopicChangesNothingAndIsNotMade() async throws {
            let (desk, path, folder) = try await place("typo")
            let store = try await SQLiteOperationStore(path: path)
            let uuid = try await launch(on: desk, in: store)
            let producer = try Producer(ProducerConfiguration(bootstrapServers: desk.servers))
            try await OperationCluster(store: store, producer: producer, topic: desk.topic).operation(uuid).cancel()
            await producer.close()
            let environment = desk.environment.merging(["KSER_STORE": path]) { $1 }
            func run(_ words: String...) async throws -> ChildProcess.Output {
                try await Tool.start(["operations"] + words, environment).end(within: .seconds(60))
            }

            let refused = try await run("retry", uuid, "-t", "\(desk.topic)-typo")
            #expect(refused.status == 64)
            #expect(refused.errorText.contains("travel on \(desk.topic), not on \(desk.topic)-typo"), "\(refused)")
            #expect(try await store.head(uuid)?.status == .cancelled)
            // As an earlier release stored it: nothing but --topic tells.
            try await store.forgetTopics()
            #expect(try await run("retry", uuid).status == 64)
            let missing = try await run("retry", uuid, "-t", "\(desk.topic)-typo")
            #expect(missing.status == 1)
            #expect(
                missing.errorText.hasSuffix("there is no topic \(desk.topic)-typo; nothing was changed"),
                "\(missing)"
            )
            #expect(try await store.head(uuid)?.status == .cancelled)
            #expect(try await !desk.admin.topics().contains { $0.name == "\(desk.topic)-typo" })
            #expect(try await run("retry", uuid, "-t", desk.topic).status == 0)
            withExtendedLifetime(folder) {}
        }

        @Test func operationsAreLaunchedWatchedResentRecoveredAndPruned() async throws {
            let (desk, path, folder) = try await place("launch")
            let store = try await SQLiteOperationStore(path: path)
            let environment = desk.environment.merging(["KSER_STORE": path]) { $1 }
            func run(_ words: String...) async throws -> ChildProcess.Output {
                try await Tool.start(["operations"] + words, environment).end(within: .seconds(60))
            }
            func launch(_ uuid: String) async throws -> ChildProcess.Output {
                try await run(
                    "launch",
                    "night.Run",
                    "--topic",
                    desk.topic,
                    "--uuid",
                    uuid,
                    "--time-limit",
                    "2h",
                    "--task",
                    #"night.Load={"day": 3}"#,
                    "--task",
                    "night.Report"
                )
            }

            #expect(try await launch("one").lines == ["one is PENDING"])
            #expect(try await launch("two").status == 0)
            let record = try #require(try await store.operation("one"))
            #expect(record.tasks.map(\.entrypoint) == ["night.Load", "night.Report"])
            #expect(record.tasks.map(\.topic) == [desk.topic, desk.topic])
            #expect(record.tasks[0].params == ["day": 3])
            #expect(record.timeLimit == 7_200_000)
            #expect(try await run("launch", "night.Run", "--topic", desk.topic).status == 64)
            #expect(try await run("launch", "night.Run", "--topic", "\(desk.topic)-no", "--task", "a").status == 1)

            let newest = try await run("list", "--json", "--limit", "1", "--since", "1h")
            #expect(try Tool.objects(newest).map { $0["uuid"] } == ["two"])
            #expect(newest.errorText == "there are more: --offset 1")
            #expect(try Tool.objects(try await run("list", "--json", "--offset", "1")).map { $0["uuid"] } == ["one"])
            #expect(try Tool.objects(try await run("list", "--json", "--before", "2026-01-01")).isEmpty)
            let unknown = try await run("list", "--status", "FAILDE")
            #expect(unknown.status == 64)
            #expect(unknown.errorText.contains("--status must be one of PENDING, RUNNING"))
            #expect(try await run("list", "--since", "yesterday").status == 64)

            #expect(try await run("resend", "one").lines == ["one is PENDING"])
            #expect(try await desk.count(desk.topic) == 3)
            #expect(try await run("recover", "--json").lines == [#"{"recovered": 0}"#])
            let watching = try Tool.start(["operations", "watch", "one"], environment)
            while try await !watching.line(within: .seconds(30)).hasPrefix("PENDING, 0 of 2 tasks done") {}
            #expect(try await run("cancel", "one", "--force").lines == ["one is CANCELLED"])
            let watched = try await watching.end(within: .seconds(30))
            #expect(watched.status == 1)
            #expect(watched.errorText.contains("one is CANCELLED"))
            #expect(try await run("retry", "one", "--compensation").status == 1)
            let shown = try await run("show", "one")
            #expect(shown.lines.contains { $0.contains("CANCELLED") && $0.contains("Z ") }, "\(shown)")
            let events = try Tool.objects(try await run("show", "one", "--json")).first?["history"]?.array
            #expect(events?.first?["status"] == "PENDING")
            #expect(events?.last?["status"] == "CANCELLED")

            #expect(try await run("prune").status == 64)
            #expect(try await run("prune", "--older-than", "1h").lines == ["0 operation(s) removed"])
            #expect(
                try await run("prune", "--older-than", "0s", "--status", "failed").lines == ["0 operation(s) removed"]
            )
            #expect(try await run("prune", "--older-than", "0s", "--vacuum").lines == ["1 operation(s) removed"])
            #expect(try Tool.objects(try await run("list", "--json")).map { $0["uuid"] } == ["two"])
            withExtendedLifetime(folder) {}
        }

        @Test func whatIsMissingIsNamed() async throws {
            let folder = try TemporaryDirectory("operations")
            let path = folder.url.appending(path: "operations.db").path()
            #expect(try await Tool.run("operations", "list").status == 64)
            #expect(try await Tool.run("operations", "list", "--store", path).status == 66)
            #expect(try await Tool.run("operations", "cancel", "u", "--store", path).status == 64)
            #expect(try await Tool.run("operations", "burn", "u", "--store", path).status == 64)
            let store = try await SQLiteOperationStore(path: path)
            await store.close()
            let missing = try await Tool.run("operations", "show", "nobody", "--store", path)
            #expect(missing.status == 1)
            #expect(missing.errorText == "kser operations: the store has no operation nobody")
            let away = try await Tool.run("operations", "list", "--store", "host=127.0.0.1 port=1 dbname=x")
            #expect(away.status == 69, "\(away)")
        }
    }
}

extension SQLiteOperationStore {
    /// Takes the topics of all tasks away.
    fileprivate func forgetTopics() async throws {
        _ = try await database.run { connection throws(StoreError) in
            try connection.query("UPDATE kser_task SET topic = NULL")
        }
    }
}
