import Kser
import Testing

/// kser's documentation, with dice that always fall alike.
private struct DiceRoll: TaskEntrypoint {
    struct Parameters: Codable, Sendable { var faces: Int? }

    let path = "__main__.DiceRoll"

    func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        execution.result(stdout: "You made a \(parameters.faces ?? 6)")
    }
}

private struct DiceLaunch: OperationEntrypoint {
    let path = "__main__.DiceLaunch"

    func tasks(for parameters: Parameters, in execution: Execution) async throws -> [TaskCall] {
        [TaskCall(DiceRoll()), TaskCall(DiceRoll()), TaskCall(DiceRoll(), ["faces": 12])]
    }
}

private struct Yahtzee: OperationEntrypoint {
    let path = "__main__.Yahtzee"

    func tasks(for parameters: Parameters, in execution: Execution) async throws -> [TaskCall] {
        for _ in 1...3 { try await DiceLaunch().computeTasks(in: execution) }
    }
}

@Suite struct OperationExamplesTests {
    @Test func givesTheLinesOfTheDiceGame() async {
        let lines = LogLines()
        let result = await DiceLaunch().build(logger: lines.logger()).execute()
        #expect(result.stdout == "You made a 12")
        #expect(
            lines.texts(of: .debug).filter { !$0.hasPrefix("DiceRoll.P") && !$0.hasPrefix("DiceRoll.Run") } == [
                "DiceLaunch.PreBuild: __main__.DiceLaunch[]: {}",
                "DiceLaunch.BuildTasks: 3 task(s) found",
                "DiceLaunch.SetStatus: __main__.DiceLaunch[] status update 'PENDING' -> 'RUNNING'",
                "DiceLaunch.PreRun: __main__.DiceLaunch[]: running...",
                "DiceRoll.Success: __main__.DiceRoll[]: You made a 6",
                "DiceRoll.Success: __main__.DiceRoll[]: You made a 6",
                "DiceRoll.Success: __main__.DiceRoll[]: You made a 12",
                "DiceLaunch.SetStatus: __main__.DiceLaunch[] status update 'RUNNING' -> 'SUCCESS'",
                "DiceLaunch.Success: __main__.DiceLaunch[]: You made a 12",
            ]
        )
    }

    @Test func appendsTheTasksOfOtherOperations() async {
        let lines = LogLines()
        let run = await Yahtzee().build(logger: lines.logger())
        #expect(
            lines.texts(of: .debug) == [
                "Yahtzee.PreBuild: __main__.Yahtzee[]: {}",
                "DiceLaunch.PreBuild: __main__.DiceLaunch[]: {}",
                "DiceLaunch.BuildTasks: 3 task(s) found",
                "DiceLaunch.PreBuild: __main__.DiceLaunch[]: {}",
                "DiceLaunch.BuildTasks: 3 task(s) found",
                "DiceLaunch.PreBuild: __main__.DiceLaunch[]: {}",
                "DiceLaunch.BuildTasks: 3 task(s) found",
                "Yahtzee.BuildTasks: 9 task(s) found",
            ]
        )
        let result = await run.execute()
        #expect(result.uuid == run.tasks.last?.uuid)
        #expect(run.status == .success)
        #expect(
            lines.texts(of: .info) == [
                "Yahtzee.SetStatus: __main__.Yahtzee[] status update 'PENDING' -> 'RUNNING'"
            ]
                + Array(repeating: [6, 6, 12], count: 3).joined().map {
                    "DiceRoll.Success: __main__.DiceRoll[]: You made a \($0)"
                } + [
                    "Yahtzee.SetStatus: __main__.Yahtzee[] status update 'RUNNING' -> 'SUCCESS'",
                    "Yahtzee.Success: __main__.Yahtzee[]: You made a 12",
                ]
        )
    }
}
