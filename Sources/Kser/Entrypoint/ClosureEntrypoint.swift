/// A handler given as a closure; see ``Controller/register(_:handler:)``.
@usableFromInline
struct ClosureEntrypoint<Parameters: Decodable & Sendable, Output: Sendable>: Entrypoint {
    @usableFromInline let path: String
    @usableFromInline let result: HandlerOutput.Conversion<Output>
    @usableFromInline let handler: @Sendable (Parameters, Execution) async throws -> Output

    @inlinable
    init(path: String, handler: @escaping @Sendable (Parameters, Execution) async throws -> Output) throws {
        self.path = path
        self.handler = handler
        result = try HandlerOutput.conversion(from: Output.self)
    }

    @inlinable @inline(__always)
    func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        try result(try await handler(parameters, execution), execution)
    }
}

/// What a closure may give, and how it becomes a result.
@usableFromInline
enum HandlerOutput {
    @usableFromInline typealias Conversion<Output> = @Sendable (Output, Execution) throws -> ExecutionResult

    /// Chosen once for a closure.
    @usableFromInline
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
            guard let output = output as? any Encodable,
                let json = try JSON.tree(of: output, dateStrategy: execution.dateStrategy)
            else { return execution.result() }
            if case .object(let object) = json { return execution.result(retval: object) }
            return execution.result(retval: ["value": json])
        }
    }
}
