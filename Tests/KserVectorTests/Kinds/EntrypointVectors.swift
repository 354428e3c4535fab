import Kser
import Testing

extension VectorTests {
    @Suite("entrypoints")
    struct Entrypoints {
        @Test(arguments: VectorFolder.kser("entrypoints"))
        func entrypoint(_ entry: VectorEntry) async {
            await entry.run(swift: EntrypointRun.complaint) { try await EntrypointRun($0).outcome() }
        }
    }
}

/// Makes an entrypoint and calls one of its methods.
private struct EntrypointRun {
    private let given: Fields
    private let script: Script
    private let execution: Execution
    private let lines = LogLines()

    init(_ vector: Vector) throws {
        given = try Fields(
            vector.given,
            "given",
            allowing: ["class", "init", "call", "initial", "actions", "action", "result"]
        )
        script = try Script(given.value("class"))
        let initial = try InitialState(given.optional("init", Fields.value) ?? [:], vector.expect, script)
        execution = Execution(
            uuid: initial.uuid,
            path: script.path,
            isTask: script.base == .task,
            params: initial.params,
            result: initial.result,
            metadata: initial.metadata,
            status: initial.status,
            logger: lines.logger
        )
    }

    func outcome() async throws -> JSON {
        let call = try given.optional("call", Fields.text) ?? "execute"
        let entrypoint = script.entrypoint
        var outcome: JSONObject = [:]
        do {
            try await entrypoint.begin(execution)
            outcome["outcome"] = await self.outcome(of: call, on: entrypoint)
            outcome["after"] = after
        } catch {
            outcome["outcome"] = Outcome.raising(error)
        }
        outcome["log"] = lines.take()
        if let error = outcome["outcome"]?["schema"] { throw SchemaError(error.string ?? "") }
        return .object(outcome)
    }

    private func outcome(of call: String, on entrypoint: some Scripted) async -> JSON {
        do {
            return try await perform(call, on: entrypoint)
        } catch let error as SchemaError {
            return ["schema": .string(error.description)]
        } catch {
            return Outcome.raising(error)
        }
    }

    private func perform(_ call: String, on entrypoint: some Scripted) async throws -> JSON {
        switch call {
        case "init": return Outcome.returningNothing
        case "execute":
            let initial = try result("initial").map { Boxed($0) }
            return Outcome.returning(try await entrypoint.perform(execution, initial: initial))
        case "unsafe_execute":
            let initial = try result("initial").map { Boxed($0) }
            return Outcome.returning(try await entrypoint.throwingPerform(execution, initial: initial))
        case "to_Message":
            return Outcome.returning(value: .object(execution.message(result: try result("result")).json))
        case "label":
            return Outcome.returning(value: .string(execution.label(try given.optional("action", Fields.text))))
        case "repr": return Outcome.returning(value: .string(execution.label()))  // its text is never compared
        case "log":
            let actions = try Action.list(given.list("actions"), "given.actions", allowing: Script.actions)
            _ = try entrypoint.perform(actions, in: execution)
            return Outcome.returningNothing
        default: throw SchemaError("unknown call '\(call)'")
        }
    }

    private func result(_ key: String) throws -> ExecutionResult? {
        try given.optional(key, Fields.value).map { try ResultFields($0, "given.\(key)").make() }
    }

    /// What the entrypoint holds in the end. A status is a thing of tasks; Python shows it where a script set one too.
    private var after: JSON {
        var after: JSONObject = [
            "uuid": .string(execution.uuid),
            "params": .object(execution.params),
            "metadata": .object(execution.metadata),
            "result": .object(execution.result.json),
        ]
        if script.base == .task || execution.status != .pending {
            after["status"] = .string(execution.status.rawValue)
        }
        return .object(after)
    }
}

extension EntrypointRun {
    /// What has to hold where Python does something odd: a hook that returns nothing leaves the result so far, and an
    /// entrypoint without `run` is not implemented.
    static func complaint(_ vector: Vector, _ outcome: JSON) -> String? {
        let call = vector.given["call"]?.string ?? "execute"
        guard call == "execute" || call == "unsafe_execute" else { return nil }
        guard let result = outcome["outcome"]?["returns"]?["result"] ?? outcome["outcome"]?["raises"] else {
            return "neither a result nor an error: \(outcome)"
        }
        if vector.expect["outcome"]?["returns"]?.isNull == true, result != outcome["after"]?["result"] {
            return "the result so far is lost: \(outcome)"
        }
        if vector.given["class"]?["hooks"]?.object?.isEmpty == true, result["retcode"] != 501 {
            return "not 'not implemented': \(outcome)"
        }
        return nil
    }
}

/// The arguments of the constructor.
///
/// The vectors were written down after the run, and Python's entrypoint shares its params, its metadata and the retval of
/// its result with the case unless they are empty: what was set later is in `init` already. What was there before is in the
/// first log line that carries the message, or a result.
private struct InitialState {
    let uuid: String
    let params: JSONObject
    let metadata: JSONObject
    let result: ExecutionResult?
    let status: TaskStatus

    init(_ json: JSON, _ expect: JSON, _ script: Script) throws {
        let fields = try Fields(json, "given.init", allowing: ["uuid", "params", "result", "metadata", "status"])
        uuid = fields.object["uuid"]?.isNull == true ? "" : try fields.optional("uuid", Fields.text) ?? ""
        params = try Self.object("params", of: fields, expect, set: script.keys(of: .setParam))
        metadata = try Self.object("metadata", of: fields, expect, set: script.keys(of: .setMetadata))
        var result = try fields.optional("result", Fields.value).map {
            try ResultFields($0, "given.init.result").make()
        }
        let logged = expect["log"]?.array?.lazy.compactMap { $0["extra"]?["kresult"]?["retval"]?.object }.first
        if let logged { for key in result?.retval.keys ?? [] where !logged.contains(key) { result?.retval[key] = nil } }
        self.result = result
        status = try fields.optional("status", Fields.text).map(TaskStatus.init(rawValue:)) ?? .pending
        if fields.has("status"), script.base != .task { throw SchemaError("given.init has a status, but no task") }
    }

    private static func object(
        _ name: String,
        of fields: Fields,
        _ expect: JSON,
        set keys: [String]
    ) throws -> JSONObject {
        var object = try fields.optional(name, Fields.object) ?? [:]
        let first = expect["log"]?.array?.lazy.compactMap { $0["extra"]?["kmsg"]?[name]?.object }.first
        if let first { for key in keys where object.contains(key) { object[key] = first[key] } }
        return object
    }
}

extension Script {
    /// The keys that the actions of a kind set.
    fileprivate func keys(of kind: Action.Kind) -> [String] {
        Hook.allCases.flatMap { self[$0] ?? [] }
            .filter { $0.kind == kind }
            .compactMap { $0.fields.object["key"]?.string }
    }
}
