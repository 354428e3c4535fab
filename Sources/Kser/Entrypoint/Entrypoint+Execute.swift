extension Entrypoint {
    /// Runs the entrypoint here and now; an error becomes a failed result (kser: `execute`).
    ///
    /// - Parameters:
    ///   - params: the parameters.
    ///   - uuid: the uuid of the run; a random one when empty.
    ///   - metadata: data about the message.
    ///   - result: the result of what ran before, merged first.
    ///   - logger: where the log lines go.
    ///   - monitor: who is told what happens.
    /// - Returns: the result; it never throws, not even when `onError` does.
    public func execute(
        _ params: JSONObject = [:],
        uuid: String = "",
        metadata: JSONObject = [:],
        result: ExecutionResult? = nil,
        logger: KserLogger = .standard,
        monitor: (any KserMonitor)? = GlobalMonitor.monitor
    ) async -> ExecutionResult {
        await execute(
            params,
            uuid: uuid,
            metadata: metadata,
            result: result,
            logger: logger,
            monitor: monitor,
            observer: nil
        )
    }

    package func execute(
        _ params: JSONObject,
        uuid: String,
        metadata: JSONObject,
        result: ExecutionResult?,
        logger: KserLogger,
        monitor: (any KserMonitor)? = GlobalMonitor.monitor,
        observer: (any ExecutionObserver)?
    ) async -> ExecutionResult {
        let execution = makeExecution(
            params,
            uuid: uuid,
            metadata: metadata,
            logger: logger,
            monitor: monitor,
            observer: observer
        )
        do {
            return try await RegisteredEntrypoint(self).perform(execution, result.map { Boxed($0) })
        } catch {
            return .from(error, uuid: execution.uuid)
        }
    }

    /// Runs the entrypoint here and now; an error is thrown and `onError` is not called (kser: `unsafe_execute`).
    ///
    /// - Throws: what the handler or a hook throws; ``KserError`` `validation` for missing or mistyped parameters.
    public func throwingExecute(
        _ params: JSONObject = [:],
        uuid: String = "",
        metadata: JSONObject = [:],
        result: ExecutionResult? = nil,
        logger: KserLogger = .standard,
        monitor: (any KserMonitor)? = GlobalMonitor.monitor
    ) async throws -> ExecutionResult {
        let execution = makeExecution(params, uuid: uuid, metadata: metadata, logger: logger, monitor: monitor)
        let entrypoint = RegisteredEntrypoint(self)
        try await entrypoint.begin(execution)
        return try await entrypoint.throwingPerform(execution, result.map { Boxed($0) })
    }

    /// Makes a message that asks for this entrypoint.
    ///
    /// - Parameters:
    ///   - params: the parameters.
    ///   - uuid: the uuid of the task; nil makes a random one.
    ///   - metadata: data about the message.
    /// - Returns: the message, with a fresh result.
    public func message(_ params: JSONObject = [:], uuid: String? = nil, metadata: JSONObject = [:]) -> Message {
        Message(uuid: uuid, entrypoint: path, params: params, metadata: metadata)
    }

    private func makeExecution(
        _ params: JSONObject,
        uuid: String,
        metadata: JSONObject,
        logger: KserLogger,
        monitor: (any KserMonitor)?,
        observer: (any ExecutionObserver)? = nil
    ) -> Execution {
        Execution(
            uuid: uuid,
            path: path,
            isTask: self is any TaskEntrypoint,
            params: params,
            metadata: metadata,
            dateStrategy: dateStrategy,
            logger: logger,
            monitor: monitor,
            observer: observer
        )
    }
}
