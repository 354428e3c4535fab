import Kser

/// An entrypoint whose hooks follow a script.
protocol Scripted: Entrypoint where Parameters == JSONObject {
    var script: Script { get }
}

/// A scripted entrypoint.
struct ScriptedEntrypoint: Scripted {
    let script: Script
}

/// A scripted entrypoint that is a task.
struct ScriptedTask: Scripted, TaskEntrypoint {
    let script: Script
}

/// What a hook does that is not scripted: the defaults of the protocol.
private struct Unscripted: Entrypoint {
    let path: String
    let requiredParameters: [String]

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        throw KserError.notImplemented("Task '\(path)' not implemented")
    }
}

extension Scripted {
    var path: String { script.path }
    var requiredParameters: [String] { script.requiredFields }

    private var defaults: Unscripted { Unscripted(path: path, requiredParameters: requiredParameters) }

    func postInit(_ execution: Execution) async throws {
        guard let actions = script[.postInit] else { return try await defaults.postInit(execution) }
        _ = try perform(actions, in: execution)
    }

    func checkRequiredParameters(in execution: Execution) async throws {
        guard let actions = script[.checkRequiredParams] else {
            return try await defaults.checkRequiredParameters(in: execution)
        }
        _ = try perform(actions, in: execution)
    }

    func preRun(in execution: Execution) async throws {
        guard let actions = script[.preRun] else { return try await defaults.preRun(in: execution) }
        _ = try perform(actions, in: execution)
    }

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        guard let actions = script[.run] else { return try await defaults.run(parameters, in: execution) }
        return try perform(actions, in: execution) ?? execution.result()
    }

    func postRun(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult {
        guard let actions = script[.postRun] else { return try await defaults.postRun(result, in: execution) }
        let argument = HookArgument(script.runReturnsOwnResult ? .shared(with: execution) : .own(result))
        return try perform(actions, with: argument, in: execution) ?? execution.result()
    }

    func onSuccess(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult {
        guard let actions = script[.onSuccess] else {
            if script.tracksStatus { execution.status = .success }
            return try await defaults.onSuccess(result, in: execution)
        }
        return try perform(actions, with: HookArgument(.shared(with: execution)), in: execution) ?? result
    }

    func onError(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult {
        guard let actions = script[.onError] else {
            if script.tracksStatus { execution.status = .failed }
            return try await defaults.onError(result, in: execution)
        }
        return try perform(actions, with: HookArgument(.shared(with: execution)), in: execution) ?? result
    }
}

/// The argument of a hook. Python hands `onsuccess` and `onerror` the entrypoint's own result, so a change of the one is
/// a change of the other.
final class HookArgument {
    enum Place {
        case own(ExecutionResult)
        case shared(with: Execution)
    }

    private var place: Place

    init(_ place: Place) { self.place = place }

    var result: ExecutionResult {
        get {
            switch place {
            case .own(let result): result
            case .shared(let execution): execution.result
            }
        }
        set {
            switch place {
            case .own: place = .own(newValue)
            case .shared(let execution): execution.result = newValue
            }
        }
    }
}
