extension OperationRun: CustomStringConvertible {
    /// A line for the operation and one for each task, with uuid and status (kser: `display`).
    public var description: String {
        (["Operation [\(execution.name)](id=\(uuid),status=\(status.rawValue))"] + tasks.flatMap(\.lines))
            .joined(separator: "\n")
    }
}

extension TaskCall: CustomStringConvertible {
    /// The path, the uuid and the status.
    public var description: String { "Task [\(path)](uuid=\(uuid),status=\(status.rawValue))" }

    fileprivate var lines: [String] { ["  - \(description)"] + members.flatMap(\.lines).map { "  \($0)" } }
}
