/// A handler given as a closure; see ``Controller/register(_:handler:)``.
struct ClosureEntrypoint<Parameters: Decodable & Sendable, Output: Sendable>: Entrypoint {
    let path: String
    let result: HandlerOutput.Conversion<Output>
    let handler: @Sendable (Parameters, Execution) async throws -> Output

    func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        try result(try await handler(parameters, execution), execution)
    }
}

/// What a closure may give, and how it becomes a result.
enum HandlerOutput {
    typealias Conversion<Output> = @Sendable (Output, Execution) throws -> ExecutionResult

    /// Chosen once for a closure.
    static func conversion<Output>(from type: Output.Type) throws -> Conversion<Output> {
        if type == ExecutionResult.self {
            return { output, execution in output as? ExecutionResult ?? execution.result() }
        }
        if type == Void.self { return { _, execution in execution.result() } }
        guard type is any Encodable.Type else {
            throw KserError.validation(
                "A handler gives an ExecutionResult, nothing or an Encodable value; \(type) is none of these"
            )
        }
        return { output, execution in
            guard let output = output as? any Encodable else { return execution.result() }
            return execution.result(retval: try JSONObject(encoding: output))
        }
    }
}
