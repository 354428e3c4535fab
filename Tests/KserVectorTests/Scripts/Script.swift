import Kser

/// The script of an entrypoint class: `{"path", "base", "hooks", …}`.
struct Script: Sendable {
    enum Base: String {
        case entrypoint = "Entrypoint"
        case task = "Task"
    }

    enum Hook: String, CaseIterable {
        case postInit = "postinit"
        case checkRequiredParams = "check_required_params"
        case preRun = "prerun"
        case run, postRun = "postrun"
        case onSuccess = "onsuccess"
        case onError = "onerror"
    }

    let path: String
    let base: Base
    /// The name it is registered under.
    let name: String
    let requiredFields: [String]
    let tracksStatus: Bool
    private let hooks: [Hook: [Action]]

    init(_ json: JSON) throws {
        let fields = try Fields(
            json,
            "class",
            allowing: ["path", "base", "name", "required_fields", "hooks", "track_status", "doc"]
        )
        path = try fields.text("path")
        base = fields.has("base") ? try fields.choice("base") : .entrypoint
        name = try fields.optional("name", Fields.text) ?? path
        requiredFields = try fields.optional("required_fields", Fields.texts) ?? []
        tracksStatus = try fields.optional("track_status", Fields.truth) ?? false
        let scripts = try Fields(
            fields.optional("hooks", Fields.value) ?? [:],
            "hooks",
            allowing: Hook.allCases.map(\.rawValue)
        )
        var hooks: [Hook: [Action]] = [:]
        for hook in Hook.allCases where scripts.has(hook.rawValue) {
            hooks[hook] = try Action.list(
                scripts.list(hook.rawValue),
                "hooks.\(hook.rawValue)",
                allowing: Self.actions
            )
        }
        self.hooks = hooks
    }

    static let actions: Set<Action.Kind> = [
        .result, .echo, .log, .search, .print, .returnArgument, .returnNone, .returnValue, .returnOwnResult, .raise,
        .printError, .setArgument, .setParam, .setMetadata, .setRetval, .setStatus,
    ]

    /// The actions of a hook; nil for kser's default.
    subscript(hook: Hook) -> [Action]? { hooks[hook] }

    /// Whether `run` ends by returning the result so far, which the later hooks then share, as Python's do.
    var runReturnsOwnResult: Bool {
        let returning: Set<Action.Kind> = [
            .result, .echo, .search, .returnArgument, .returnNone, .returnValue, .raise,
        ]
        let end = hooks[.run]?.first { $0.kind == .returnOwnResult || returning.contains($0.kind) }
        return end?.kind == .returnOwnResult
    }

    /// The entrypoint that follows the script.
    var entrypoint: any Scripted { base == .task ? ScriptedTask(script: self) : ScriptedEntrypoint(script: self) }
}
