import Kser

/// kser's first example: an entrypoint that greets, registered with a controller and run by a message.
struct Hello: Entrypoint {
    struct Parameters: Codable, Sendable { var name: String }

    func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        execution.result(stdout: "Hello \(parameters.name) !")
    }
}

let logger = KserLogger(level: .debug, sink: HumanLogSink.standardOutput)
let controller = Controller(logger: logger)
try await controller.register(Hello())

let greeted = await controller.run(Hello().message(["name": "Cedric"]))
let refused = await controller.run(Hello().message())
print("\(greeted.retcode): \(greeted)")
print("\(refused.retcode): \(refused)")
