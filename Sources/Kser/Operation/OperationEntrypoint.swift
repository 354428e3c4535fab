/// An entrypoint that is a sequence of tasks, each of which gets the result of the one before (kser: `Operation`).
///
///     struct DiceLaunch: OperationEntrypoint {
///         func tasks(for parameters: Parameters, in execution: Execution) async throws -> [TaskCall] {
///             TaskCall(DiceRoll())
///             TaskCall(DiceRoll(), ["faces": 12])
///         }
///     }
///     let result = await DiceLaunch().build(["faces": 6]).execute()
///
/// The first task that throws or gives a `retcode` other than 0 ends the sequence. The result, its uuid too, is that of
/// the task that ran last. Registered with a ``Controller``, the operation runs its tasks where its message arrives.
///
/// Hooks run in kser's order: `postInit`, then to build `checkRequiredParameters`, `preBuild`, `tasks` and `finalize`,
/// then to run `checkRequiredParameters`, `preRun`, the tasks, and `onSuccess` or `onError`; `run` and `postRun` are
/// not called. `timeLimit` limits the whole sequence. When the Swift task that runs it is cancelled, the operation
/// fails before its next task.
public protocol OperationEntrypoint: TaskEntrypoint {
    /// Entrypoints whose required parameters must all be among the operation's (kser: `TASKS`). Tasks are built from
    /// the operation's parameters, so what they would lack is known before the first one runs.
    var declaredTasks: [any TaskEntrypoint] { get }

    /// Whether the tasks that succeeded are compensated in reverse order when the operation fails, or is cancelled while
    /// it runs across machines. The task that failed is not: it has to leave nothing behind by itself.
    var compensatesOnFailure: Bool { get }

    /// Called with the parameters to build from; what it returns is used instead, unless it is empty.
    func preBuild(_ params: JSONObject, in execution: Execution) async throws -> JSONObject

    /// The tasks, in the order they are to run (kser: `build_tasks`): a list of statements, or a plain array.
    @TaskListBuilder
    func tasks(for parameters: Parameters, in execution: Execution) async throws -> [TaskCall]

    /// Called when the operation has its tasks; the place to store it.
    func finalize(_ run: OperationRun) async throws

    /// Called with each change of the operation's status and the result that led to it; the place to store them. Unless
    /// it sets `execution.status`, the status stays.
    func setStatus(_ status: TaskStatus, result: ExecutionResult?, in execution: Execution) async throws
}

extension OperationEntrypoint {
    /// None.
    public var declaredTasks: [any TaskEntrypoint] { [] }

    /// False.
    public var compensatesOnFailure: Bool { false }

    /// Returns the parameters unchanged.
    public func preBuild(_ params: JSONObject, in execution: Execution) async throws -> JSONObject { params }

    /// Does nothing.
    public func finalize(_ run: OperationRun) async throws {}

    /// Keeps the status in `execution.status`.
    public func setStatus(_ status: TaskStatus, result: ExecutionResult?, in execution: Execution) async throws {
        execution.status = status
    }

    /// Throws for the first parameter that is absent, of the operation's own and then of ``declaredTasks``:
    /// `Missing parameter: name for path`.
    public func checkRequiredParameters(in execution: Execution) async throws {
        let params = execution.params
        let entrypoints: [any TaskEntrypoint] = [self] + declaredTasks
        for entrypoint in entrypoints {
            for name in entrypoint.requiredParameters where !params.contains(name) {
                throw KserError.validation("Missing parameter: \(name) for \(entrypoint.path)")
            }
        }
    }

    /// Builds the tasks and runs them. Kser never calls it: it runs the tasks of an operation by itself.
    public func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        try await OperationRun.prepared(self, execution).throwingExecute()
    }
}

extension OperationEntrypoint {
    /// Makes the operation with its tasks, ready to be executed.
    ///
    /// It does not throw: what `postInit` or building throws is kept in ``OperationRun/buildError``, and fails the
    /// execution.
    ///
    /// - Parameters:
    ///   - params: the parameters of the operation, which its tasks are made from.
    ///   - uuid: the uuid of the operation; a random one when empty.
    ///   - metadata: data about the operation.
    ///   - logger: where its log lines and those of its tasks go.
    ///   - monitor: who is told what happens to it and its tasks.
    /// - Returns: the operation with its tasks.
    public func build(
        _ params: JSONObject = [:],
        uuid: String = "",
        metadata: JSONObject = [:],
        logger: KserLogger = .standard,
        monitor: (any KserMonitor)? = GlobalMonitor.monitor
    ) async -> OperationRun {
        await build(params, uuid: uuid, metadata: metadata, logger: logger, monitor: monitor, observer: nil)
    }

    package func build(
        _ params: JSONObject,
        uuid: String,
        metadata: JSONObject,
        logger: KserLogger,
        monitor: (any KserMonitor)? = GlobalMonitor.monitor,
        observer: (any ExecutionObserver)?
    ) async -> OperationRun {
        let execution = Execution(
            uuid: uuid,
            path: path,
            isTask: true,
            params: params,
            metadata: metadata,
            dateStrategy: dateStrategy,
            logger: logger,
            monitor: monitor,
            observer: observer
        )
        return await .prepared(self, execution)
    }

    /// The tasks of this operation, to be steps of another one (kser: `compute_tasks`).
    ///
    /// - Parameters:
    ///   - params: the parameters of this operation.
    ///   - execution: the execution of the other operation.
    /// - Returns: the tasks, which are not kept here.
    /// - Throws: what building throws.
    public func computeTasks(_ params: JSONObject = [:], in execution: Execution) async throws -> [TaskCall] {
        let inner = Execution(
            uuid: "",
            path: path,
            isTask: true,
            params: params,
            dateStrategy: dateStrategy,
            commonDateStrategy: execution.commonDateStrategy,
            logger: execution.logger
        )
        return try await OperationRun(self, inner).computeTasks(params)
    }

    /// The tasks for params that are not decoded yet.
    func tasks(decoding params: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        try await tasks(for: try params.parameters(Parameters.self, in: execution), in: execution)
    }
}
