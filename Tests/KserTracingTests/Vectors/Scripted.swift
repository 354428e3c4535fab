import Kser
import Testing
import TracingVectorSupport

/// The classes of a recorded case.
struct ScriptedClasses {
    private let scripts: [String: Script]

    init(_ given: JSONObject) throws {
        var scripts: [String: Script] = [:]
        for json in given["classes"]?.array ?? [] {
            let script = try Script(#require(json.object))
            scripts[script.path] = script
        }
        self.scripts = scripts
    }

    func register(_ paths: [JSON], with controller: Controller) async throws {
        for path in paths {
            let script = try #require(path.string.flatMap { scripts[$0] })
            if script.base == "Entrypoint" {
                try await controller.register(ScriptedEntrypoint(script: script))
            } else {
                try await controller.register(ScriptedTask(script: script))
            }
        }
    }

    /// The operation that a case makes, with the uuid it gives.
    func operation(_ json: JSON) throws -> (operation: ScriptedOperation, uuid: String) {
        let script = try #require(json["class"]?.string.flatMap { scripts[$0] })
        let tasks = try script.tasks.map { task in
            let script = try #require(task["class"]?.string.flatMap { scripts[$0] })
            return TaskCall(ScriptedTask(script: script), uuid: task["init"]?["uuid"]?.string ?? "")
        }
        return (ScriptedOperation(path: script.path, calls: tasks), json["init"]?["uuid"]?.string ?? "")
    }
}

struct Script: Sendable {
    let path: String
    let base: String
    let requiredFields: [String]
    let run: [JSON]
    let tasks: [JSON]

    init(_ json: JSONObject) throws {
        try json.allow("path", "base", "hooks", "required_fields", "build_tasks")
        path = try json.text("path")
        base = try json.text("base")
        requiredFields = json["required_fields"]?.array?.compactMap(\.string) ?? []
        let hooks = json["hooks"]?.object ?? [:]
        try hooks.allow("run")
        run = hooks["run"]?.array ?? []
        tasks = json["build_tasks"]?.array ?? []
    }

    func perform(in execution: Execution) throws -> ExecutionResult {
        let action = try #require(run.first?.object)
        switch try action.text("do") {
        case "result":
            let result = action["result"]?.object ?? [:]
            return execution.result(stdout: result["stdout"]?.string ?? "", retval: result["retval"]?.object ?? [:])
        case "echo":
            return execution.result(
                retval: ["params": .object(execution.params), "metadata": .object(execution.metadata)]
            )
        case "raise": throw ScriptedError(description: try action.text("message"))
        default: throw UnknownVector(description: "the action \(action)")
        }
    }
}

struct ScriptedEntrypoint: Entrypoint {
    let script: Script
    var path: String { script.path }
    var requiredParameters: [String] { script.requiredFields }

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        try script.perform(in: execution)
    }
}

struct ScriptedTask: TaskEntrypoint {
    let script: Script
    var path: String { script.path }
    var requiredParameters: [String] { script.requiredFields }

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        try script.perform(in: execution)
    }
}

struct ScriptedOperation: OperationEntrypoint {
    let path: String
    let calls: [TaskCall]

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] { calls }
}
