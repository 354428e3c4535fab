/// A handler given as a closure; see ``Controller/register(_:handler:)-swift.method``.
struct ClosureEntrypoint<Parameters: Decodable & Sendable>: Entrypoint {
    let path: String
    let handler: @Sendable (Parameters, Execution) async throws -> ExecutionResult

    func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        try await handler(parameters, execution)
    }
}
