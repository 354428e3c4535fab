import Kser

/// A task that rolls a die, and adds it to the dice on the table.
struct DiceRoll: TaskEntrypoint {
    struct Parameters: Codable, Sendable { var faces: Int? }

    let path = "dice.DiceRoll"

    func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        let value = Int64.random(in: 1...Int64(max(1, parameters.faces ?? 6)))
        let table = execution.result.retval["dice"]?.array ?? []
        return execution.result(stdout: "You made a \(value)", retval: ["dice": .array(table + [.integer(value)])])
    }
}

/// kser's first operation: three rolls.
struct DiceLaunch: OperationEntrypoint {
    let path = "dice.DiceLaunch"

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        [TaskCall(DiceRoll()), TaskCall(DiceRoll()), TaskCall(DiceRoll())]
    }
}

/// kser's operation of operations: three launches of three dice.
struct Yahtzee: OperationEntrypoint {
    let path = "dice.Yahtzee"

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        for _ in 1...3 { try await DiceLaunch().computeTasks(in: execution) }
    }
}
