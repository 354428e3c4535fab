/// An entrypoint without its type, as the registry keeps it.
///
/// What makes it and what it runs is inlinable, and so compiled for the entrypoint's type where that is known: hooks
/// that are not implemented then cost nothing.
@usableFromInline
final class RegisteredEntrypoint: Sendable {
    /// Runs all steps after the result of what ran before.
    @usableFromInline typealias Perform = @Sendable (Execution, Boxed<ExecutionResult>?) async throws -> ExecutionResult

    let path: String
    let isTask: Bool
    /// How it writes dates; nil for the controller's way.
    let dateStrategy: DateStrategy?
    /// The operation that it is; nil for all others.
    let operation: (any OperationEntrypoint)?
    /// Errors go to `onError`; throws what that throws.
    let perform: Perform
    /// What comes before ``throwingPerform``, once for each run: `postInit`. Throws what `onError` throws.
    let begin: Step
    /// Errors are thrown.
    let throwingPerform: Perform
    private let compensation: Step?

    @usableFromInline typealias Step = @Sendable (Execution) async throws -> Void

    var isOperation: Bool { operation != nil }

    @inlinable
    convenience init(_ entrypoint: some Entrypoint) {
        if let operation = entrypoint as? any OperationEntrypoint {
            self.init(operation: operation)
        } else {
            self.init(
                path: entrypoint.path,
                isTask: entrypoint is any TaskEntrypoint,
                dateStrategy: entrypoint.dateStrategy,
                perform: { execution, initial in
                    if let observer = execution.observer {
                        return try await Self.perform(entrypoint, execution, initial, under: observer)
                    }
                    try await entrypoint.begin(execution)
                    return try await entrypoint.perform(execution, initial: initial)
                },
                begin: { try await entrypoint.begin($0) },
                throwingPerform: { execution, initial in
                    if let observer = execution.observer {
                        return try await Self.throwingPerform(entrypoint, execution, initial, under: observer)
                    }
                    return try await entrypoint.throwingPerform(execution, initial: initial)
                },
                compensation: Self.compensation(of: entrypoint)
            )
        }
    }

    @usableFromInline
    init(
        path: String,
        isTask: Bool,
        dateStrategy: DateStrategy?,
        operation: (any OperationEntrypoint)? = nil,
        perform: @escaping Perform,
        begin: @escaping Step,
        throwingPerform: @escaping Perform,
        compensation: Step?
    ) {
        self.path = path
        self.isTask = isTask
        self.dateStrategy = dateStrategy
        self.operation = operation
        self.perform = perform
        self.begin = begin
        self.throwingPerform = throwingPerform
        self.compensation = compensation
    }

    @usableFromInline
    convenience init(operation: any OperationEntrypoint) {
        self.init(
            path: operation.path,
            isTask: true,
            dateStrategy: operation.dateStrategy,
            operation: operation,
            perform: { execution, initial in
                // What building throws is not the operation's: it has no tasks yet, and so never began.
                try await OperationRun.built(operation, execution).perform(initial?.value)
            },
            begin: { try await OperationRun(operation, $0).begin() },
            throwingPerform: { execution, initial in
                let run = OperationRun(operation, execution)
                try await run.build(execution.params)
                return try await run.throwingExecute(initial?.value)
            },
            compensation: Self.compensation(of: operation)
        )
    }

    @usableFromInline
    static func perform(
        _ entrypoint: some Entrypoint,
        _ execution: Execution,
        _ initial: Boxed<ExecutionResult>?,
        under observer: some StepObserver
    ) async throws -> ExecutionResult {
        try await observer.observe(.entrypoint(.execute), of: execution) {
            try await entrypoint.begin(execution, under: observer)
            return try await entrypoint.perform(execution, initial: initial, under: observer)
        }
    }

    @usableFromInline
    static func throwingPerform(
        _ entrypoint: some Entrypoint,
        _ execution: Execution,
        _ initial: Boxed<ExecutionResult>?,
        under observer: some StepObserver
    ) async throws -> ExecutionResult {
        try await observer.observe(.entrypoint(.execute), of: execution) {
            try await entrypoint.throwingPerform(execution, initial: initial, under: observer)
        }
    }

    @usableFromInline
    static func compensation(of entrypoint: some Entrypoint) -> Step? {
        guard let task = entrypoint as? any TaskEntrypoint else { return nil }
        return { try await task.compensate(in: $0) }
    }

    /// Takes back what the task did. What has no way to do so did nothing that lasts.
    ///
    /// - Returns: the result that is being compensated.
    /// - Throws: why it could not be.
    func compensate(_ execution: Execution) async throws -> ExecutionResult {
        execution.logStep("Compensate")
        let result = execution.result
        try await compensation?(execution)
        return result
    }
}
