// An operation's hooks are called while no store waits for them: first the change is recorded, then they are called, then
// what they gave is recorded. A mark in the store has them called again when who calls them dies meanwhile.
extension OperationCluster {
    /// Calls the hooks of an operation that begins.
    ///
    /// - Throws: what they throw.
    func callBeginHook(of operation: OperationRecord, on controller: Controller) async throws {
        var before = operation
        before.status = .pending
        try await controller.operationRun(of: before)?.setStatus(.running)
    }

    /// Calls the hooks of an operation whose tasks have ended, and ends it with what they give.
    ///
    /// - Parameters:
    ///   - operation: the operation as it waits for them.
    ///   - cause: who sends what is to be compensated, when the hooks make a failure of a success.
    ///   - controller: has the operation's entrypoint; without it, it ends with the result of its tasks.
    /// - Returns: what is to be sent.
    /// - Throws: ``StoreError``.
    func callHooks(
        of operation: OperationRecord,
        by cause: String,
        on controller: Controller?
    ) async throws -> [DueTask] {
        let run = controller?.operationRun(of: operation)
        var operation = operation
        while let hook = operation.hook {
            let given = operation.result ?? ExecutionResult(uuid: operation.uuid)
            let (result, isFailure) = await call(hook, with: given, on: run)
            let settled = try await change(operation.uuid, on: controller) { draft throws(StoreError) in
                try draft.settle(hook, result, isFailure: isFailure, for: cause)
                return (due: try draft.due(by: cause), concluding: try draft.concluding())
            }
            guard let next = settled?.concluding, next.hook != hook else { return settled?.due ?? [] }
            operation = next
        }
        return []
    }

    /// - Returns: what the hooks gave or threw, and whether they made a failure of a success.
    private func call(
        _ hook: TaskStatus,
        with given: ExecutionResult,
        on run: OperationRun?
    ) async -> (ExecutionResult, Bool) {
        guard let run else { return (given, false) }
        do {
            let result = hook == .success ? try await run.succeed(given) : try await run.fail(given)
            _ = try JSONMessageCodec().encode(Message(entrypoint: "", result: result))
            return (result, false)
        } catch {
            return (.from(error, uuid: run.uuid), hook == .success)
        }
    }
}

extension Controller {
    /// An operation whose entrypoint is registered, for its hooks; nil when it is not.
    fileprivate nonisolated func operationRun(of record: OperationRecord) -> OperationRun? {
        guard let operation = operation(at: record.entrypoint) else { return nil }
        let execution = Execution(
            uuid: record.uuid,
            path: record.entrypoint,
            isTask: true,
            params: record.params,
            result: record.input,
            metadata: record.metadata,
            status: record.status,
            dateStrategy: operation.dateStrategy,
            commonDateStrategy: dateStrategy,
            logger: logger
        )
        return OperationRun(operation, execution)
    }
}
