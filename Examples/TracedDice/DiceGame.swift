import Kser

/// kser's documentation example: a task that takes its time before, at and after a roll.
struct DiceRoll: TaskEntrypoint {
    let pace: Pace

    func preRun(in execution: Execution) async throws { try await pace.pass(tenths: 1...20) }

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        let launch = Int.random(in: 1...6)
        try await pace.pass(tenths: 10...30)
        return execution.result(stdout: "You made a \(launch)")
    }

    func postRun(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult {
        try await pace.pass(tenths: 1...20)
        return result
    }
}

/// Three rolls, one after the other.
struct DiceLaunch: OperationEntrypoint {
    let pace: Pace

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        TaskCall(DiceRoll(pace: pace))
        TaskCall(DiceRoll(pace: pace))
        TaskCall(DiceRoll(pace: pace))
    }
}

/// How fast the game is played; 1 is the documentation's.
struct Pace: Sendable {
    var factor = 1.0

    func pass(tenths: ClosedRange<Int>) async throws {
        try await Task.sleep(for: .seconds(Double(Int.random(in: tenths)) / 10 / factor))
    }
}
