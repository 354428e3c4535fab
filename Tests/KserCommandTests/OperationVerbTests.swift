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
