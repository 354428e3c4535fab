import Synchronization

@testable import Kser

/// Keeps log records.
final class LogLines: LogSink {
    private let records = Mutex<[LogRecord]>([])

    func log(_ record: LogRecord) { records.withLock { $0.append(record) } }

    var messages: [String] { records.withLock { $0.map(\.message) } }

    /// The lines of at least this level, without uuids.
    func texts(of level: LogLevel) -> [String] {
        records.withLock { $0.filter { $0.level >= level }.map { $0.message.replacing(#/\[[^\]]+\]/#, with: "[]") } }
    }

    func logger(_ level: LogLevel = .debug) -> KserLogger { KserLogger(level: level, sink: self) }
}

/// What tasks note while they run.
final class Notes: Sendable {
    private let texts = Mutex<[String]>([])

    func note(_ text: String) { texts.withLock { $0.append(text) } }

    var all: [String] { texts.withLock { $0 } }
}

/// A task whose work is a closure.
struct Step: TaskEntrypoint {
    let path: String
    let work: @Sendable (Execution) async throws -> ExecutionResult

    init(_ name: String, _ work: @escaping @Sendable (Execution) async throws -> ExecutionResult) {
        path = "test.\(name)"
        self.work = work
    }

    /// A task that gives its name as stdout and as a key of retval.
    init(_ name: String, retcode: Int = 0) {
        self.init(name) { $0.result(retcode: retcode, stdout: name, stderr: "not \(name)", retval: [name: true]) }
    }

    /// A task that does not return before it is cancelled.
    static func endless(_ name: String, began: @escaping @Sendable () -> Void = {}) -> Step {
        Step(name) { execution in
            began()
            try await Task.sleep(for: .seconds(3600))
            return execution.result(stdout: "slept")
        }
    }

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        try await work(execution)
    }
}

/// An operation of these tasks.
struct Steps: OperationEntrypoint {
    var path = "test.Steps"
    var timeLimit: Duration?
    var compensatesOnFailure = false
    let calls: @Sendable (Execution) async throws -> [TaskCall]

    init(
        path: String = "test.Steps",
        timeLimit: Duration? = nil,
        @TaskListBuilder _ calls: @escaping @Sendable (Execution) async throws -> [TaskCall]
    ) {
        self.path = path
        self.timeLimit = timeLimit
        self.calls = calls
    }

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        try await calls(execution)
    }
}

struct Failure: Error, CustomStringConvertible {
    var description = "boom"
}
