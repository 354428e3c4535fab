/// An entrypoint without its type, as the registry keeps it.
struct RegisteredEntrypoint: Sendable {
    /// Runs all steps after the result of what ran before.
    typealias Perform = @Sendable (Execution, ExecutionResult?) async throws -> ExecutionResult

    let path: String
    let isTask: Bool
    let isOperation: Bool
    /// Errors go to `onError`; throws what that throws.
    let perform: Perform
    /// Errors are thrown.
    let throwingPerform: Perform

    init(_ entrypoint: some Entrypoint) {
        path = entrypoint.path
        isTask = entrypoint is any TaskEntrypoint
        if let operation = entrypoint as? any OperationEntrypoint {
            isOperation = true
            perform = { execution, initial in
                try await OperationRun.prepared(operation, execution).perform(initial)
            }
            throwingPerform = { execution, initial in
                try await OperationRun.prepared(operation, execution).throwingExecute(initial)
            }
        } else {
            isOperation = false
            perform = { execution, initial in
                try await entrypoint.begin(execution)
                return try await entrypoint.perform(execution, initial: initial)
            }
            throwingPerform = { execution, initial in
                try await entrypoint.begin(execution)
                return try await entrypoint.throwingPerform(execution, initial: initial)
            }
        }
    }
}

/// A name told apart by its UTF-8, where `String` would take canonically equal names for one.
struct EntrypointName: Hashable, Sendable {
    let text: String

    static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
