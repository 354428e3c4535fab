import Kser

/// kser's documentation example: a task that rolls a die.
struct DiceRoll: TaskEntrypoint {
    struct Parameters: Codable, Sendable { var faces: Int? }

    let path = "dice.DiceRoll"

    func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        let faces = parameters.faces ?? 6
        guard faces > 0 else { throw KserError.validation("A die needs at least 1 face, not \(faces)") }
        let value = Int.random(in: 1...faces)
        return execution.result(stdout: "You made a \(value)", retval: ["value": .integer(Int64(value))])
    }
}
