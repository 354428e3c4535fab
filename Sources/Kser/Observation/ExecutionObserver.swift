/// A part of an execution that can be observed. Kser's documents name those of a task Execute, PreRun, Run and PostRun.
@usableFromInline
package enum ExecutionPhase: Sendable {
    /// All of it.
    case execute
    /// The checks of the parameters and `preRun`; for an operation, the change of its status and `preRun`.
    case preRun
    /// The work.
    case run
    /// `postRun`; for an operation, which has none, the moment after its tasks.
    case postRun
    /// What comes of a success, with `onSuccess`.
    case onSuccess
    /// What comes of a failure, with `onError`.
    case onError
    /// An operation's tasks are made and kept.
    case build
    /// An operation's tasks are made.
    case computeTasks
    /// `preBuild`.
    case preBuild
    /// `finalize`.
    case finalize
}

/// Whose part it is: an operation has a run of its own that its entrypoint does not know of.
@usableFromInline
package enum ExecutionStep: Sendable {
    case entrypoint(ExecutionPhase)
    case operation(ExecutionPhase)
}

/// What runs around the steps of executions.
@usableFromInline
package protocol StepObserver {
    /// Runs a step.
    func observe<Value: Sendable>(
        _ step: ExecutionStep,
        of execution: Execution,
        _ body: () async throws -> Value
    ) async throws -> Value

    /// Hears of an error that ended the steps before it becomes the execution's result.
    func observe(_ error: any Error, in execution: Execution)
}

/// What runs around executions and their steps: `KserTracing` makes spans of them.
@usableFromInline
package protocol ExecutionObserver: StepObserver, AnyObject, Sendable {
    /// Runs a message that arrived, and what the controller's hooks make of it.
    func observeArrival(of execution: Execution, _ body: () async -> Dispatch) async -> Dispatch
}

/// Nothing runs around the steps. The compiler sees it, and what is not observed is as if there were no observers.
@usableFromInline
package struct Unobserved: StepObserver {
    @inlinable
    package init() {}

    @inlinable
    @inline(__always)
    package func observe<Value: Sendable>(
        _ step: ExecutionStep,
        of execution: Execution,
        _ body: () async throws -> Value
    ) async throws -> Value { try await body() }

    @inlinable
    package func observe(_ error: any Error, in execution: Execution) {}
}

extension Execution {
    /// Runs a step, under the observer if there is one; without one, at the cost of a branch.
    @inlinable
    @inline(__always)
    package func observed<Value: Sendable>(
        _ step: ExecutionStep,
        _ body: () async throws -> Value
    ) async throws -> Value {
        guard let observer else { return try await body() }
        return try await observer.observe(step, of: self, body)
    }
}
