import Kser

struct DiceRoll: TaskEntrypoint {
    struct Parameters: Codable, Sendable { var fails: Bool? }

    let path = "dice.DiceRoll"

    func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        if parameters.fails == true { throw KserError.validation("The die fell off the table") }
        return execution.result(stdout: "You made a 3", retval: ["value": 3])
    }
}

struct DiceLaunch: OperationEntrypoint {
    struct Parameters: Codable, Sendable { var fails: Bool? }

    let path = "dice.DiceLaunch"

    func tasks(for parameters: Parameters, in execution: Execution) async throws -> [TaskCall] {
        TaskCall(DiceRoll(), uuid: "roll-1")
        TaskCall(DiceRoll(), ["fails": .bool(parameters.fails ?? false)], uuid: "roll-2")
        TaskCall(DiceRoll(), uuid: "roll-3")
    }
}
