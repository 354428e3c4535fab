/// An entrypoint without its type, as the registry keeps it.
struct RegisteredEntrypoint: Sendable {
    let path: String
    let isTask: Bool
    let perform: @Sendable (Execution) async throws -> ExecutionResult

    init<E: Entrypoint>(_ entrypoint: E) {
        path = entrypoint.path
        isTask = entrypoint is any TaskEntrypoint
        perform = { execution in
            try await entrypoint.begin(execution)
            return try await entrypoint.perform(execution)
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
