import Kser
import Synchronization

/// What the scripts of a case record.
final class OperationRecords: Sendable {
    private struct Records {
        var trail: [JSON] = []
        var sent: [JSON] = []
    }

    private let records = Mutex(Records())

    func trail(_ entry: JSON) { records.withLock { $0.trail.append(entry) } }
    func sent(_ message: Message) { records.withLock { $0.sent.append(.object(message.json)) } }

    /// The records since the last call, as fields of a step; absent where nothing was recorded.
    func take() -> JSONObject {
        let taken = records.withLock { records in
            defer { records = Records() }
            return records
        }
        var fields: JSONObject = [:]
        if !taken.sent.isEmpty { fields["sent"] = .array(taken.sent) }
        if !taken.trail.isEmpty { fields["trail"] = .array(taken.trail) }
        return fields
    }
}

/// An operation whose hooks follow a script.
struct ScriptedOperation: Scripted, OperationEntrypoint {
    let operation: OperationScript
    let declaredTasks: [any TaskEntrypoint]
    let calls: [@Sendable () -> TaskCall]
    let records: OperationRecords

    var script: Script { operation.script }

    private var defaults: Unscripted {
        Unscripted(path: path, requiredParameters: requiredParameters, declaredTasks: declaredTasks)
    }

    func checkRequiredParameters(in execution: Execution) async throws {
        guard let actions = script[.checkRequiredParams] else {
            return try await defaults.checkRequiredParameters(in: execution)
        }
        _ = try perform(actions, in: execution)
    }

    func preBuild(_ params: JSONObject, in execution: Execution) async throws -> JSONObject {
        switch operation.preBuild.first {
        case .params, nil: params
        case .nothing: [:]
        case .object(let object): object
        case .raise(let error): throw error
        }
    }

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        records.trail(["build_tasks_kwargs": .object(parameters)])
        return calls.map { $0() }
    }

    func finalize(_ run: OperationRun) async throws { _ = try perform(operation.finalize, in: run.execution) }

    func setStatus(_ status: TaskStatus, result: ExecutionResult?, in execution: Execution) async throws {
        if let failure = operation.statusFailure, failure.status == status.rawValue { throw failure.error }
        if operation.recordsStatus {
            records.trail([
                "set_status": .string(status.rawValue), "result": result.map { .object($0.json) } ?? .null,
            ])
        }
        execution.status = status
    }

    /// Never called, like Python's.
    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        throw SchemaError("run of an operation was called")
    }

    func onSuccess(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult {
        try perform(.onSuccess, result, in: execution)
    }

    func onError(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult {
        try perform(.onError, result, in: execution)
    }

    private func perform(
        _ hook: Script.Hook,
        _ result: ExecutionResult,
        in execution: Execution
    ) throws -> ExecutionResult {
        guard let actions = script[hook] else { return result }
        return try perform(actions, with: HookArgument(.own(result)), in: execution) ?? result
    }
}

/// What a hook does that is not scripted: the defaults of the protocol.
private struct Unscripted: OperationEntrypoint {
    let path: String
    let requiredParameters: [String]
    let declaredTasks: [any TaskEntrypoint]

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] { [] }
}
