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
        params = try fields.optional("params", Fields.object) ?? [:]
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
/// The vectors were written down after the run, and Python's results share their retval with the case: what the run put
/// into it is in `init` already. What was there before is in the first state that shows the task.
struct RecordedResults: Sendable {
    private let states: [JSON]

    init(_ expect: JSON) { states = expect["steps"]?.array?.compactMap { $0["state"] } ?? [] }

    func firstRetval(of uuid: String) -> JSONObject? {
        let tasks = states.lazy.compactMap { $0["tasks"]?.array }.joined()
        return tasks.first { $0["uuid"]?.string == uuid }?["result"]?["retval"]?.object
    }
}
