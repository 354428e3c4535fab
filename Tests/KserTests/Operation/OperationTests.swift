import Testing

@testable import Kser

@Suite struct OperationTests {
    @Test func forwardsResultsFromTaskToTask() async {
        let run = await Steps { _ in
            TaskCall(Step("a"))
            TaskCall(Step("b") { $0.result(retval: ["seen": .string($0.result.stdout)]) })
        }.build(logger: .none)
        let result = await run.execute()
        #expect(result.retval == ["a": true, "seen": "a"])
        #expect(result.stdout == "a")
        #expect(result.uuid == run.tasks[1].uuid)
        #expect(run.tasks[0].result.retval == ["a": true])
    }

    @Test func skipsWhatIsDoneAndForwardsItsResult() async {
        let done = ExecutionResult(uuid: "t1", stdout: "stored", retval: ["stored": 1])
        let run = await Steps { _ in
            TaskCall(Step("never") { _ in throw Failure() }, uuid: "t1", status: .success, result: done)
            TaskCall(Step("b"))
        }.build(logger: .none)
        #expect(await run.execute().retval == ["stored": 1, "b": true])
    }

    @Test func runsOnlyTheRestAgainWhenTasksKeepTheirStatus() async {
        struct Tracked: TaskEntrypoint {
            let path: String
            let notes: Notes
            var failures = 0
            func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
                notes.note(path)
                if notes.all.count(where: { $0 == path }) <= failures { return execution.result(retcode: 7) }
                return execution.result(stdout: path)
            }
            func onSuccess(_ result: ExecutionResult, in execution: Execution) -> ExecutionResult {
                if result.retcode == 0 { execution.status = .success } else { execution.result = execution.result() }
                return result
            }
        }
        let notes = Notes()
        let run = await Steps { _ in
            TaskCall(Tracked(path: "a", notes: notes))
            TaskCall(Tracked(path: "b", notes: notes, failures: 1))
            TaskCall(Tracked(path: "c", notes: notes))
        }.build(logger: .none)
        #expect(await run.execute().retcode == 7)
        #expect(run.status == .failed)
        #expect(await run.execute().retcode == 0)
        #expect(run.status == .success)
        #expect(notes.all == ["a", "b", "b", "c"])
    }

    @Test func keepsWhatBuildingThrows() async throws {
        let run = await Steps { _ in throw Failure() }.build(uuid: "op", logger: .none)
        #expect(run.buildError is Failure)
        let result = await run.execute()
        #expect(result.retcode == 500)
        #expect(result.stderr == "boom")
        #expect(result.uuid == "op")
        #expect(run.status == .failed)
        await #expect(throws: Failure.self) { try await run.throwingExecute() }
    }

    @Test func namesTheParameterThatIsMissingOrMistyped() async {
        struct Typed: OperationEntrypoint {
            struct Parameters: Codable, Sendable { var count: Int }
            func tasks(for parameters: Parameters, in execution: Execution) async throws -> [TaskCall] {
                for number in 0..<parameters.count { TaskCall(Step("s\(number)")) }
            }
        }
        #expect(
            await Typed().build(["count": 3], logger: .none).tasks.map(\.path) == ["test.s0", "test.s1", "test.s2"]
        )
        for params in [[:], ["count": "three"]] as [JSONObject] {
            let result = await Typed().build(params, logger: .none).execute()
            #expect(result.retcode == 400)
            #expect(result.stderr.contains("count"))
        }
    }

    @Test func failsWithoutTasks() async {
        let run = await Steps { _ in }.build(uuid: "op", logger: .none)
        let result = await run.execute()
        #expect(result == ExecutionResult(uuid: "op", retcode: 1, stderr: "Nothing to do, empty operation !"))
        #expect(run.status == .failed)
        #expect(await run.execute(ExecutionResult(uuid: "before", stdout: "given")).stdout == "given")
        #expect(run.status == .success)
    }

    @Test func tellsAnotherTaskWithTheSameUUID() async {
        let run = await Steps { _ in
            TaskCall(Step("a"), uuid: "t1")
            TaskCall.concurrent { TaskCall(Step("b"), uuid: "t1") }
        }.build(logger: .none)
        #expect((run.buildError as? KserError)?.message == "Duplicate task uuid: t1 for test.Steps")
        #expect(throws: Never.self) { try run.append(TaskCall(Step("a"), uuid: "t2")) }
        #expect(throws: KserError.self) { try run.append(TaskCall(Step("a"), uuid: "t2")) }
    }

    @Test func takesCopiesForStepsOfTheirOwn() async {
        let run = await Steps { _ in Array(repeating: TaskCall(Step("a")), count: 3) }.build(logger: .none)
        #expect(Set(run.tasks.map(\.uuid)).count == 3)
        #expect(run.tasks.allSatisfy { $0.uuid == $0.result.uuid })
        #expect(await run.execute().retcode == 0)
    }

    @Test func runsTasksAppendedByATask() async throws {
        let notes = Notes()
        struct Growing: OperationEntrypoint {
            let notes: Notes
            func tasks(for parameters: Parameters, in execution: Execution) async throws -> [TaskCall] { [] }
            func finalize(_ run: OperationRun) async throws {
                let notes = notes
                let grow = Step("grow") { [weak run] execution in
                    try run?.append(
                        TaskCall(
                            Step("late") {
                                notes.note("late")
                                return $0.result()
                            }
                        )
                    )
                    return execution.result()
                }
                try run.append(TaskCall(grow))
            }
        }
        #expect(await Growing(notes: notes).build(logger: .none).execute().retcode == 0)
        #expect(notes.all == ["late"])
    }

    @Test func hidesSecretsInItsLines() async {
        let lines = LogLines()
        let params: JSONObject = ["user": "ann", "db": ["Password": "hunter2"], "list": [["api_token": "t0k"]]]
        _ = await Steps { _ in TaskCall(Step("a")) }.build(params, logger: lines.logger())
        #expect(
            lines.messages[0].hasSuffix(
                #": {"user": "ann", "db": {"Password": "***"}, "list": [{"api_token": "***"}]}"#
            )
        )
    }
}
