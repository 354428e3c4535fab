public import Kser

extension Entrypoint {
    /// Runs the entrypoint here and now, with spans; an error becomes a failed result.
    ///
    /// The trace is that of the active span, unless the metadata carry a context.
    ///
    /// - Parameters:
    ///   - params: the parameters.
    ///   - uuid: the uuid of the run; a random one when empty.
    ///   - metadata: data about the message.
    ///   - result: the result of what ran before, merged first.
    ///   - logger: where the log lines go.
    ///   - monitor: who is told what happens.
    ///   - tracing: how executions become spans.
    /// - Returns: the result; it never throws, not even when `onError` does.
    public func execute(
        _ params: JSONObject = [:],
        uuid: String = "",
        metadata: JSONObject = [:],
        result: ExecutionResult? = nil,
        logger: KserLogger = .standard,
        monitor: (any KserMonitor)? = GlobalMonitor.monitor,
        tracing: Tracing
    ) async -> ExecutionResult {
        await execute(
            params,
            uuid: uuid,
            metadata: metadata,
            result: result,
            logger: logger,
            monitor: monitor,
            observer: tracing.observer
        )
    }
}

extension OperationEntrypoint {
    /// Makes the operation with its tasks, ready to be executed with spans.
    ///
    ///     let result = await DiceLaunch().build(tracing: Tracing(tracer)).execute()
    ///
    /// What building throws is kept in `OperationRun.buildError`, and fails the execution.
    ///
    /// - Parameters:
    ///   - params: the parameters of the operation, which its tasks are made from.
    ///   - uuid: the uuid of the operation; a random one when empty.
    ///   - metadata: data about the operation.
    ///   - logger: where its log lines and those of its tasks go.
    ///   - monitor: who is told what happens to it and its tasks.
    ///   - tracing: how executions become spans.
    /// - Returns: the operation with its tasks.
    public func build(
        _ params: JSONObject = [:],
        uuid: String = "",
        metadata: JSONObject = [:],
        logger: KserLogger = .standard,
        monitor: (any KserMonitor)? = GlobalMonitor.monitor,
        tracing: Tracing
    ) async -> OperationRun {
        await build(
            params,
            uuid: uuid,
            metadata: metadata,
            logger: logger,
            monitor: monitor,
            observer: tracing.observer
        )
    }
}
