// An operation that is sent on by hand, as kser's own are: whoever ran a task sends the next one.
extension OperationRun {
    /// Sends a task with the result that goes to it, and tells what became of the sending.
    public typealias Sender = @Sendable (TaskCall, ExecutionResult?) async throws -> ExecutionResult

    /// Sends the first task, whatever its status, and leaves the rest to who runs it (kser: `launch`).
    ///
    ///     let operation = await DiceLaunch().build()
    ///     try await operation.launch { task, result in await task.send(result, with: producer, to: "dice") }
    ///
    /// Nothing is stored: ``launch(on:after:)`` keeps an operation in a store, and has workers send the next tasks.
    ///
    /// - Parameters:
    ///   - result: the result that goes to it.
    ///   - send: sends a task.
    /// - Returns: what sending gave; for an operation without tasks a failure of retcode 1.
    /// - Throws: what building threw, and what `send` throws.
    public func launch(_ result: ExecutionResult? = nil, send: Sender) async throws -> ExecutionResult {
        if let buildError { throw buildError }
        guard let first = task(at: 0) else { return .nothingToDo() }
        return try await send(first, result)
    }

    /// Sends the first task after this one that has not succeeded; after the last one the operation takes over its status,
    /// with `setStatus` (kser: `launch_next`).
    ///
    /// - Parameters:
    ///   - task: the task that has run.
    ///   - result: its result, which goes to the next one.
    ///   - send: sends a task.
    /// - Returns: what sending gave; nil when nothing is left to send.
    /// - Throws: what `send` throws, or the operation's `setStatus`.
    public func launchNext(
        after task: TaskCall,
        _ result: ExecutionResult?,
        send: Sender
    ) async throws -> ExecutionResult? {
        if let next = next(after: task) { return try await send(next, result) }
        try await operation.setStatus(task.status, result: result, in: execution)
        return nil
    }
}

extension TaskCall {
    /// Sends the task's message (kser: what the `send` of a task does). It never throws, the result says how it went.
    ///
    /// - Parameters:
    ///   - result: the result that goes to the task; its own when nil.
    ///   - producer: sends it.
    ///   - topic: the topic to send to.
    /// - Returns: a result with the task's uuid, the producer's receipt as stdout, or the error; steps that run at once have
    ///   no message, so each of ``members`` is sent by itself.
    public func send(
        _ result: ExecutionResult? = nil,
        with producer: some MessageProducer,
        to topic: String
    ) async -> ExecutionResult {
        if concurrentTasks == nil { return await producer.report(message(result: result), to: topic) }
        let error = KserError.validation("Concurrent steps have no message of their own; send each of their members")
        return .from(error, uuid: uuid)
    }
}
