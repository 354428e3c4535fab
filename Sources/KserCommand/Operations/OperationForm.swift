import Kser

/// An operation as it is typed: tasks by name, one after the other. Workers run what they have under these names.
struct OperationForm: OperationEntrypoint {
    let path: String
    let timeLimit: Duration?
    private let uuid: String
    private let calls: [TaskCall]

    init(_ name: String, _ arguments: Arguments) throws {
        path = name
        uuid = arguments.text("uuid") ?? ""
        timeLimit = try arguments.duration("time-limit")
        calls = try arguments.all("task").map { word in
            guard let sign = word.firstIndex(of: "=") else { return TaskCall(Named(path: word)) }
            guard sign != word.startIndex,
                let params = try? JSON(parsing: String(word[word.index(after: sign)...])).object
            else {
                throw UsageError("--task must be NAME, or NAME= and a JSON object, not \"\(word)\"")
            }
            return TaskCall(Named(path: String(word[..<sign])), params)
        }
        if calls.isEmpty { throw UsageError("--task is missing: an operation needs one at least") }
    }

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] { calls }

    func build() async -> OperationRun { await build(uuid: uuid, logger: .none) }

    /// A task that is run elsewhere.
    private struct Named: TaskEntrypoint {
        let path: String

        func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
            throw KserError(.notImplemented, "\(path) is run by a worker")
        }
    }
}
