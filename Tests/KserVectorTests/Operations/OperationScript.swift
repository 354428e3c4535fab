import Kser

/// The script of a task's or an operation's class: what ``Script`` knows, and what there is to operations.
struct OperationScript: Sendable {
    /// Whether a task has a `send` method, and what it does.
    enum Sending: String {
        case works = "ok"
        case fails = "raise"
    }

    /// What an operation's `prebuild` returns, or raises.
    enum PreBuild: Sendable {
        case params
        case nothing
        case object(JSONObject)
        case raise(any Error)
    }

    let script: Script
    let isOperation: Bool
    let taskPaths: [String]
    let buildTasks: [JSON]
    let preBuild: [PreBuild]
    let finalize: [Action]
    let statusFailure: (status: String, error: any Error)?
    let recordsStatus: Bool
    let sending: Sending?

    private static let ownKeys = [
        "tasks", "build_tasks", "prebuild", "finalize", "set_status", "send", "load_tasks",
    ]

    init(_ json: JSON) throws {
        guard var plain = json.object else { throw SchemaError("a class is not an object: \(json)") }
        isOperation = plain["base"] == "Operation"
        if isOperation { plain["base"] = "Task" }
        let fields = try Fields(json, "class", allowing: plain.keys)
        for key in Self.ownKeys {
            if !isOperation, key != "send", plain.contains(key) { throw SchemaError("a task has '\(key)': \(json)") }
            plain[key] = nil
        }
        script = try Script(.object(plain))
        taskPaths = try fields.optional("tasks", Fields.texts) ?? []
        buildTasks = try fields.optional("build_tasks", Fields.list) ?? []
        preBuild = try fields.optional("prebuild", Fields.list)?.map(Self.preBuild) ?? []
        finalize = try Action.list(
            fields.optional("finalize", Fields.list) ?? [],
            "finalize",
            allowing: Script.actions
        )
        sending = fields.has("send") ? try fields.choice("send") as Sending : nil
        _ = try fields.optional("load_tasks", Fields.truth)  // Swift's operations always build when they arrive
        let setStatus = try fields.optional("set_status", Fields.value)
        recordsStatus = setStatus != nil
        statusFailure = try setStatus.flatMap(Self.statusFailure)
    }

    private static func preBuild(_ json: JSON) throws -> PreBuild {
        switch json["do"]?.string {
        case "return_kwargs": .params
        case "return_none": .nothing
        case "return_dict": .object(try Fields(json, "prebuild", allowing: ["do", "value"]).object("value"))
        case "raise": .raise(try ScriptedError(json, "prebuild").error)
        default: throw SchemaError("prebuild has the unknown action \(json)")
        }
    }

    private static func statusFailure(_ json: JSON) throws -> (status: String, error: any Error)? {
        let fields = try Fields(json, "set_status", allowing: ["raise_on", "raise"])
        guard fields.has("raise_on") else { return nil }
        return (try fields.text("raise_on"), try ScriptedError(fields.value("raise"), "set_status.raise").error)
    }
}

/// The classes of a case.
struct OperationClasses: Sendable {
    private let scripts: [String: OperationScript]
    let records: OperationRecords
    private let recorded: RecordedResults

    init(_ json: [JSON], _ recorded: RecordedResults) throws {
        records = OperationRecords()
        self.recorded = recorded
        var scripts: [String: OperationScript] = [:]
        for json in json {
            let script = try OperationScript(json)
            scripts[script.script.path] = script
        }
        self.scripts = scripts
    }

    subscript(path: String) -> OperationScript {
        get throws {
            guard let script = scripts[path] else { throw SchemaError("no class '\(path)'") }
            return script
        }
    }

    /// The entrypoint of a class.
    func entrypoint(_ path: String) throws -> any TaskEntrypoint {
        let script = try self[path]
        guard script.isOperation else { return ScriptedTask(script: script.script) }
        return ScriptedOperation(
            operation: script,
            declaredTasks: try script.taskPaths.map(entrypoint),
            calls: try script.buildTasks.map(call),
            records: records
        )
    }

    /// The task that `{"class", "init"}` makes.
    func call(_ json: JSON) throws -> @Sendable () -> TaskCall {
        let fields = try Fields(json, "task", allowing: ["class", "init"])
        let arguments = try TaskArguments(fields.optional("init", Fields.value) ?? [:], recorded)
        let entrypoint = try entrypoint(fields.text("class"))
        return { arguments.call(entrypoint) }
    }

    /// The arguments of a class's constructor.
    func arguments(_ json: JSON) throws -> TaskArguments { try TaskArguments(json, recorded) }
}
