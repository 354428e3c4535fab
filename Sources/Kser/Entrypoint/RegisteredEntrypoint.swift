/// An entrypoint without its type, as the registry keeps it.
///
/// What makes it and what it runs is inlinable, and so compiled for the entrypoint's type where that is known: hooks
/// that are not implemented then cost nothing.
@usableFromInline
final class RegisteredEntrypoint: Sendable {
    /// Runs all steps after the result of what ran before.
    @usableFromInline typealias Perform = @Sendable (Execution, ExecutionResult?) async throws -> ExecutionResult

    let path: String
    let isTask: Bool
    let isOperation: Bool
    /// Errors go to `onError`; throws what that throws.
    let perform: Perform
    /// Errors are thrown.
    let throwingPerform: Perform

    @inlinable
    convenience init(_ entrypoint: some Entrypoint) {
        if let operation = entrypoint as? any OperationEntrypoint {
            self.init(operation: operation)
        } else {
            self.init(
                path: entrypoint.path,
                isTask: entrypoint is any TaskEntrypoint,
                perform: { execution, initial in
                    try await execution.observed(.entrypoint(.execute)) {
                        try await entrypoint.begin(execution)
                        return try await entrypoint.perform(execution, initial: initial)
                    }
                },
                throwingPerform: { execution, initial in
                    try await execution.observed(.entrypoint(.execute)) {
                        try await entrypoint.begin(execution)
                        return try await entrypoint.throwingPerform(execution, initial: initial)
                    }
                }
            )
        }
    }

    @usableFromInline
    init(
        path: String,
        isTask: Bool,
        isOperation: Bool = false,
        perform: @escaping Perform,
        throwingPerform: @escaping Perform
    ) {
        self.path = path
        self.isTask = isTask
        self.isOperation = isOperation
        self.perform = perform
        self.throwingPerform = throwingPerform
    }

    @usableFromInline
    convenience init(operation: any OperationEntrypoint) {
        self.init(
            path: operation.path,
            isTask: true,
            isOperation: true,
            perform: { execution, initial in
                try await OperationRun.prepared(operation, execution).perform(initial)
            },
            throwingPerform: { execution, initial in
                try await OperationRun.prepared(operation, execution).throwingExecute(initial)
            }
        )
    }
}
