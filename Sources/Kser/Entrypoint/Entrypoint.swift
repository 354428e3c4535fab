/// An async handler that any machine can run by the name it is registered under (kser: `Entrypoint`).
///
///     struct Hello: Entrypoint {
///         struct Parameters: Codable, Sendable { var name: String }
///         func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
///             execution.result(stdout: "Hello \(parameters.name) !")
///         }
///     }
///
/// An entrypoint is registered once and shared by all its runs, so it may hold clients and pools. The hooks run in kser's
/// order: `postInit`, `checkRequiredParameters`, `preRun`, `run`, `postRun`, then `onSuccess`, or `onError` when one of
/// them threw. Each has a default that does nothing.
public protocol Entrypoint: Sendable {
    /// What the handler takes, decoded from the message's params. ``JSONObject`` takes them as they are.
    associatedtype Parameters: Decodable & Sendable = JSONObject

    /// The name that messages carry: `Module.Type` unless you choose another, such as Python's `dice.DiceRoll`.
    var path: String { get }

    /// Parameters that must be there, though they may be null (kser: `REQUIRED_FIELDS`). Those that `Parameters` needs
    /// are checked by decoding it and need not be named.
    var requiredParameters: [String] { get }

    /// How long `run` may take before it is cancelled and the run fails with ``KserError/Kind/deadlineExceeded``, unless it
    /// succeeds all the same; nil sets no limit.
    ///
    /// A handler that ignores its cancellation is waited for: it keeps its place and its key's turn until it ends. After
    /// 5 s it is logged as an error and told to the monitor.
    var timeLimit: Duration? { get }

    /// How the dates of ``Parameters`` are written; nil, the default, for what the controller says.
    var dateStrategy: DateStrategy? { get }

    /// Called first. When it throws, the failure is kept in the result and the run goes on all the same, as in kser.
    func postInit(_ execution: Execution) async throws

    /// Checks ``requiredParameters``; `Parameters` are decoded right after it.
    ///
    /// - Throws: ``KserError`` `validation` that names the first missing one.
    func checkRequiredParameters(in execution: Execution) async throws

    /// Called before ``run(_:in:)``; it may change `execution.params`.
    func preRun(in execution: Execution) async throws

    /// The work.
    ///
    /// - Returns: the result; it is merged into `execution.result`, whose uuid stays.
    func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult

    /// Called with what `run` returned; what it returns is merged instead.
    func postRun(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult

    /// Called with the merged result at the end; what it returns is the outcome. A throw here makes the run fail.
    func onSuccess(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult

    /// Called with the merged result when a hook or the handler threw; what it returns is the outcome. The error itself,
    /// with its type and its cause, is `execution.error`.
    func onError(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult
}

extension Entrypoint {
    /// `Module.Type`, as kser names a class.
    public var path: String {
        String(reflecting: Self.self).split(separator: ".")
            .filter { !$0.hasPrefix("(unknown context") }
            .joined(separator: ".")
    }

    /// None.
    @inlinable public var requiredParameters: [String] { [] }
    /// No limit.
    @inlinable public var timeLimit: Duration? { nil }
    /// The controller's.
    @inlinable public var dateStrategy: DateStrategy? { nil }

    /// Does nothing.
    @inlinable
    public func postInit(_ execution: Execution) async throws {}

    /// Throws for the first of ``requiredParameters`` that is absent: `Missing parameter: name`.
    @inlinable
    public func checkRequiredParameters(in execution: Execution) async throws {
        let required = requiredParameters
        if required.isEmpty { return }
        let params = execution.params
        for name in required where !params.contains(name) {
            throw KserError.validation("Missing parameter: \(name)")
        }
    }

    /// Does nothing.
    @inlinable
    public func preRun(in execution: Execution) async throws {}

    /// Returns the result unchanged.
    @inlinable
    public func postRun(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult { result }

    /// Returns the result unchanged.
    @inlinable
    public func onSuccess(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult { result }

    /// Returns the result unchanged.
    @inlinable
    public func onError(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult { result }
}

/// An entrypoint that can be a step of an operation; its log lines name its ``TaskStatus`` (kser: `Task`).
public protocol TaskEntrypoint: Entrypoint {
    /// Takes back what the task did, because its operation failed later or was cancelled; see
    /// ``OperationEntrypoint/compensatesOnFailure``. `execution.result` is the result that the task gave.
    ///
    /// It may be called more than once for a task, so it should do no harm a second time.
    ///
    /// - Throws: why it could not be taken back: the task is ``TaskStatus/uncompensated`` then, and those before it are
    ///   compensated all the same.
    func compensate(_ parameters: Parameters, in execution: Execution) async throws
}

extension TaskEntrypoint {
    /// Does nothing.
    public func compensate(_ parameters: Parameters, in execution: Execution) async throws {}

    /// Compensates with params that are not decoded yet.
    func compensate(in execution: Execution) async throws {
        try await compensate(try execution.params.parameters(Parameters.self, in: execution), in: execution)
    }
}
