import Kser
import Testing

private struct DiceRoll: TaskEntrypoint {
    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        let rolled = execution.result.retval["rolls"]?.int ?? 0
        return execution.result(retval: ["rolls": .integer(Int64(rolled + 1))])
    }
}

@Test func operationsAwaitTheirTasksInSequence() async throws {
    // README.md: compose operations with structured concurrency
    struct DiceLaunch: OperationEntrypoint {
        func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
            [TaskCall(DiceRoll()), TaskCall(DiceRoll()), TaskCall(DiceRoll())]
        }
    }

    let result = await DiceLaunch().build().execute()  // here, in sequence
    // end

    #expect(result.isSuccess)
    #expect(result.retval["rolls"]?.int == 3)
}
