extension OperationRun {
    /// Runs the tasks here, one after the other; an error becomes a failed result (kser: `execute`).
    ///
    /// - Parameter result: the result of what ran before, forwarded to the first task.
    /// - Returns: the result of the last task that ran, or of the first that failed; for an operation without tasks and
    ///   without a result before it a failure of retcode 1. It never throws, not even when `onError` does.
    public func execute(_ result: ExecutionResult? = nil) async -> ExecutionResult {
        do { return try await perform(result) } catch { return .from(error, uuid: uuid) }
    }

    /// Runs the tasks here, one after the other; an error is thrown, and the status stays ``TaskStatus/running`` (kser:
    /// `unsafe_execute`).
    ///
    /// - Parameter result: the result of what ran before, forwarded to the first task.
    /// - Returns: as ``execute(_:)``.
    /// - Throws: what building, a task or a hook throws; `CancellationError` when cancelled before the next task.
    public func throwingExecute(_ result: ExecutionResult? = nil) async throws -> ExecutionResult {
        try await execution.observed(.operation(.execute)) { try await runTasks(after: result) }
    }

    private func runTasks(after result: ExecutionResult?) async throws -> ExecutionResult {
        try await operation.checkRequiredParameters(in: execution)
        if let buildError { throw buildError }
        try await execution.observed(.operation(.preRun)) {
            try await setStatus(.running)
            log(.debug, "PreRun") { ": \($0): running..." }
            try await operation.preRun(in: execution)
        }
        switch try await limitedSequence(after: result) {
        case .success(let result):
            try await execution.observed(.operation(.postRun)) {}
            return try await succeed(result)
        case .failure(let failed): return try await fail(failed.result)
        }
    }

    /// Runs the tasks; an error goes to `onError`.
    ///
    /// - Throws: what `onError` throws.
    package func perform(_ result: ExecutionResult?) async throws -> ExecutionResult {
        try await execution.observed(.operation(.execute)) {
            do {
                return try await runTasks(after: result)
            } catch {
                execution.observer?.observe(error, in: execution)
                return try await fail(.from(error, uuid: uuid))
            }
        }
    }

    /// Logs a change of the status and hands it to the operation's hook.
    package func setStatus(_ status: TaskStatus, _ result: ExecutionResult? = nil) async throws {
        log(.info, "SetStatus") { ": \($0) status update '\(self.status.rawValue)' -> '\(status.rawValue)'" }
        execution.monitor?.operationChanged(execution, to: status)
        defer { note(status) }
        try await operation.setStatus(status, result: result, in: execution)
    }

    func fail(_ result: ExecutionResult) async throws -> ExecutionResult {
        if operation.compensatesOnFailure { await compensate() }
        return try await execution.observed(.operation(.onError)) {
            try await setStatus(.failed, result)
            log(.error, "Failed", result) { ": \($0): \(result)" }
            return try await operation.onError(result, in: execution)
        }
    }

    func succeed(_ result: ExecutionResult) async throws -> ExecutionResult {
        try await execution.observed(.operation(.onSuccess)) {
            try await setStatus(.success, result)
            log(.info, "Success", result) { ": \($0): \(result)" }
            return try await operation.onSuccess(result, in: execution)
        }
    }

    private func limitedSequence(after result: ExecutionResult?) async throws -> Result<ExecutionResult, FailedTask> {
        guard let limit = operation.timeLimit else { return try await sequence(after: result) }
        return try await withTimeLimit(
            limit,
            onOverrun: { self.execution.noteOverrun(of: limit) },
            isSuccess: { if case .success = $0 { true } else { false } },
            { try await self.sequence(after: result) }
        )
    }

    private func sequence(after initial: ExecutionResult?) async throws -> Result<ExecutionResult, FailedTask> {
        var result = initial
        var metadata: JSONObject = [:]
        var index = 0
        while var task = task(at: index) {
            if task.status == .success {
                result = task.result
            } else {
                try Task.checkCancellation()
                let ran = try await run(&task, at: index, after: result, carrying: metadata)
                if ran.retcode != 0 { return .failure(FailedTask(result: ran)) }
                result = ran
            }
            metadata.merge(task.carried)
            index += 1
        }
        return result.map { .success($0) } ?? .failure(FailedTask(result: .nothingToDo(uuid: uuid)))
    }

    private func run(
        _ task: inout TaskCall,
        at index: Int,
        after result: ExecutionResult?,
        carrying metadata: JSONObject
    ) async throws -> ExecutionResult {
        note(running: task.path)
        defer {
            put(task, at: index)
            note(running: nil)
        }
        return try await task.run(after: result, carrying: metadata, in: execution)
    }
}

/// The task that ended a sequence with a `retcode` other than 0.
private struct FailedTask: Error {
    var result: ExecutionResult
}

extension ExecutionResult {
    /// The result of an operation that has no tasks.
    static func nothingToDo(uuid: String = "") -> ExecutionResult {
        ExecutionResult(uuid: uuid, retcode: 1, stderr: "Nothing to do, empty operation !")
    }
}

extension OperationRun {
    /// Logs a line of the operation, which begins with `Name.Step`; the rest is made of `path[uuid]`.
    func log(
        _ level: LogLevel,
        _ step: String,
        _ result: ExecutionResult? = nil,
        _ rest: (String) -> String
    ) {
        execution.logger.log(level) {
            LogRecord(
                level,
                logger: "kser.sequencing.operation",
                "\(execution.name).\(step)\(rest("\(execution.path)[\(uuid)]"))",
                kmsg: Message(uuid: uuid, entrypoint: execution.path, params: execution.params),
                kresult: result,
                error: level == .error ? result?.retval["error"] : nil
            )
        }
    }
}
