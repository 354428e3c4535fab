extension OperationRun {
    /// Sends a task with the result that goes to it, and tells what became of the sending.
    package typealias Sender = @Sendable (TaskCall, ExecutionResult?) async throws -> ExecutionResult

    /// Sends the first task, whatever its status (kser: `launch`). An operation without tasks gives a failure of
    /// retcode 1.
    package func launch(_ result: ExecutionResult? = nil, send: Sender) async throws -> ExecutionResult {
        guard let first = task(at: 0) else { return .nothingToDo() }
        return try await send(first, result)
    }

    /// Sends the task after this one, or takes over its status when it is the last (kser: `launch_next`).
    ///
    /// - Returns: nil when nothing is left to send.
    package func launchNext(
        after task: TaskCall,
        _ result: ExecutionResult?,
        send: Sender
    ) async throws -> ExecutionResult? {
        if let next = next(after: task) { return try await send(next, result) }
        try await operation.setStatus(task.status, result: result, in: execution)
        return nil
    }
}
