import Kser
import KserTesting
import Testing

/// What a task sets in its metadata goes on with the tasks after it.
@Suite(.timeLimit(.minutes(1))) struct MetadataTests {
    private let stage = Stage()

    /// Tasks that set metadata, and one at the end that gives what it has got.
    private func operation() async throws -> ClusterSteps {
        let set = try await stage.step("set") { execution in
            execution.metadata["tenant"] = "acme"
            execution.metadata["tracing"] = ["traceparent": "no task's but its own"]
            return execution.result()
        }
        let change = try await stage.step("change") { execution in
            execution.metadata["tenant"] = "\(execution.metadata["tenant"]?.string ?? "none") ltd"
            execution.metadata["from \(execution.uuid)"] = true
            return execution.result()
        }
        let show = try await stage.step("show") { $0.result(retval: ["got": .object($0.metadata)]) }
        return ClusterSteps {
            TaskCall(set, metadata: ["given": true])
            TaskCall(change)
            TaskCall.concurrent {
                TaskCall(change, uuid: "one")
                TaskCall(show)
            }
            TaskCall(show, metadata: ["own": 1, "from one": "own"])
        }
    }

    private func expectCarried(_ metadata: JSONObject?) {
        #expect(metadata?["tenant"] == "acme ltd ltd")
        #expect(metadata?["own"] == 1)
        #expect(metadata?["from one"] == "own")
        #expect(metadata?["given"] == nil)
        #expect(metadata?["tracing"] == nil)
    }

    @Test func goesOnInProcess() async throws {
        let run = try await operation().build(logger: .none)
        let result = await run.execute()
        expectCarried(result.retval["got"]?.object)
        #expect(run.tasks[2].members[1].result.retval["got"]?["tenant"] == "acme ltd")
    }

    @Test func goesOnAcrossMachines() async throws {
        let operation = try await operation()
        let record = try await stage.withWorkers(3) {
            let launched = try await operation.build(logger: .none).launch(on: stage.cluster)
            expectCarried(try await launched.result().retval["got"]?.object)
            return try await launched.record()
        }
        #expect(record.tasks[3].result.retval["got"]?["tenant"] == "acme ltd")
        #expect(record.carried["kser.operation"] == nil)
    }

    @Test func tasksAreSentByHandWithKsersLaunchAndLaunchNext() async throws {
        let producer = stage.broker.makeProducer()
        let run = await ClusterSteps {
            TaskCall(ClusterStep("a", Journal()), ["p": 1], uuid: "1", metadata: ["m": 2])
            TaskCall(ClusterStep("b", Journal()), uuid: "2", status: .success)
            TaskCall(ClusterStep("c", Journal()), uuid: "3")
        }.build(logger: .none)
        let send: OperationRun.Sender = { await $0.send($1, with: producer, to: "jobs") }
        #expect(try await run.launch(send: send).stdout == "Message test.a[1] sent in jobs")
        let first = ExecutionResult(uuid: "1", stdout: "a")
        #expect(try await run.launchNext(after: run.tasks[0], first, send: send)?.uuid == "3")
        #expect(try await run.launchNext(after: run.tasks[2], first, send: send) == nil)
        let sent = try stage.broker.records(in: "jobs").map { try JSONMessageCodec().decode($0.value ?? []) }
        #expect(sent.map(\.uuid) == ["1", "3"])
        #expect(sent.first?.params == ["p": 1])
        #expect(sent.first?.metadata == ["m": 2])
        #expect(sent.last?.result.stdout == "a")
        let group = TaskCall.concurrent(uuid: "g") { run.tasks[0] }
        #expect(await group.send(with: producer, to: "jobs").retcode == 400)
        #expect(stage.broker.records(in: "jobs").count == 2)
    }
}
