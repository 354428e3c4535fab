import Testing

@testable import Kser

@Suite struct OperationDispatchTests {
    private let pair = Steps { execution in
        TaskCall(Step("a"))
        if execution.params.contains("more") { TaskCall(Step("b")) } else { TaskCall(Step("c")) }
    }

    @Test func runsItsTasksWhereItsMessageArrives() async throws {
        let controller = Controller(logger: .none)
        try await controller.register(pair)
        let result = await controller.run(pair.message(["more": true], uuid: "op"))
        #expect(result.retval == ["a": true, "b": true])
        #expect(await controller.run(pair.message()).retval == ["a": true, "c": true])
    }

    @Test func failsAsAMessageWhenATaskFails() async throws {
        let controller = Controller(logger: .none)
        try await controller.register(Steps(path: "throwing") { _ in TaskCall(Step("a") { _ in throw Failure() }) })
        try await controller.register(Steps(path: "empty") { _ in })
        let thrown = await controller.run(Message(uuid: "op", entrypoint: "throwing"))
        #expect(thrown.retcode == 500)
        #expect(thrown.uuid == "op")
        #expect(thrown.stderr == "boom")
        #expect(await controller.run(Message(entrypoint: "empty")).stderr == "Nothing to do, empty operation !")
    }

    @Test func executesAsAnyEntrypoint() async throws {
        func execute(_ entrypoint: some Entrypoint) async throws -> [JSONObject] {
            let params: JSONObject = ["more": true]
            return [
                await entrypoint.execute(params, logger: .none).retval,
                try await entrypoint.throwingExecute(params, logger: .none).retval,
            ]
        }
        #expect(try await execute(pair) == [["a": true, "b": true], ["a": true, "b": true]])
    }

    @Test func runsAnOperationAsAStep() async throws {
        let inner = pair
        let run = await Steps(path: "test.Outer") { _ in
            TaskCall(Step("first"))
            TaskCall(inner, ["more": true])
            TaskCall(Step("last"))
        }.build(logger: .none)
        let result = await run.execute()
        #expect(result.retval == ["first": true, "a": true, "b": true, "last": true])
        #expect(run.tasks[1].status == .success)
        #expect(run.tasks[1].result.retval == ["first": true, "a": true, "b": true])
    }

    @Test func registersTheFirstOfAPath() async throws {
        let lines = LogLines()
        let controller = Controller(logger: lines.logger())
        #expect(try await controller.subscribe(pair))
        #expect(try await !controller.subscribe(Step("Steps") { _ in throw Failure() }))
        #expect(lines.messages == ["Operation registry: loaded test.Steps", "Controller.Registered: test.Steps"])
        #expect(await controller.run(pair.message()).retcode == 0)
    }

    @Test func sendsTheFirstTaskAndThenTheNext() async throws {
        let run = await Steps { _ in
            TaskCall(Step("a"), ["p": 1])
            TaskCall(Step("b"), status: .success)
            TaskCall(Step("c"), metadata: ["m": 1])
        }.build(logger: .none)
        let send: OperationRun.Sender = { task, result in
            ExecutionResult(stdout: "\(task.message(result: result))", retval: task.message(result: result).params)
        }
        let first = try await run.launch(send: send)
        #expect(first.stdout == "test.a[\(run.tasks[0].uuid)]")
        #expect(first.retval == ["p": 1])
        let next = try await run.launchNext(after: run.tasks[0], first, send: send)
        #expect(next?.stdout == "test.c[\(run.tasks[2].uuid)]")
        #expect(try await run.launchNext(after: run.tasks[2], nil, send: send) == nil)
        #expect(run.next(after: run.tasks[2]) == nil)
    }
}
