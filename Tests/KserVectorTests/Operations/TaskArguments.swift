import Kser

/// The arguments of a task's or an operation's constructor.
struct TaskArguments: Sendable {
    let uuid: String
    let params: JSONObject
    let status: TaskStatus
    let result: ExecutionResult?
    let metadata: JSONObject

    init(_ json: JSON, _ recorded: RecordedResults) throws {
        let fields = try Fields(json, "init", allowing: ["uuid", "params", "status", "result", "metadata"])
        uuid = try fields.optional("uuid", Fields.text) ?? ""
        let given = try fields.optional("params", Fields.object) ?? [:]
        params = given.isEmpty ? given : recorded.firstParams(of: uuid) ?? given
        status = try fields.optional("status", Fields.text).map(TaskStatus.init(rawValue:)) ?? .pending
        metadata = try fields.optional("metadata", Fields.object) ?? [:]
        var result = try fields.optional("result", Fields.value).map { try ResultFields($0, "init.result").make() }
        if let retval = recorded.firstRetval(of: uuid) { result?.retval = retval }
        self.result = result
    }

    func call(_ entrypoint: some TaskEntrypoint) -> TaskCall {
        TaskCall(entrypoint, params, uuid: uuid, status: status, result: result, metadata: metadata)
    }
}

/// What the tasks of a case held when they were made.
///
/// The vectors were written down after the run, and Python's objects share the retval of their results, and params that
/// are not empty, with the case: what the run put into them is in `init` already. What was there before is in the first
/// state that shows the task, and in the first log line that carries its message.
struct RecordedResults: Sendable {
    private let states: [JSON]
    private let lines: [JSON]

    init(_ expect: JSON) {
        let steps = expect["steps"]?.array ?? []
        states = steps.compactMap { $0["state"] }
        lines = steps.flatMap { $0["log"]?.array ?? [] }
    }

    func firstParams(of uuid: String) -> JSONObject? {
        lines.lazy.compactMap { $0["extra"]?["kmsg"] }.first { $0["uuid"]?.string == uuid }?["params"]?.object
    }

    func firstRetval(of uuid: String) -> JSONObject? {
        let tasks = states.lazy.compactMap { $0["tasks"]?.array }.joined()
        return tasks.first { $0["uuid"]?.string == uuid }?["result"]?["retval"]?.object
    }
}
