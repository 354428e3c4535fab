/// A step of an operation: an entrypoint with the parameters it is to run with, and what became of it.
///
///     TaskCall(DiceRoll(), ["faces": 12])
///
/// A step may be an operation itself, which then builds and runs its own tasks, or several steps at once: see
/// ``concurrent(limit:onFailure:collectingInto:uuid:_:)``.
public struct TaskCall: Sendable {
    enum Work: Sendable {
        case entrypoint(RegisteredEntrypoint)
        case concurrent(ConcurrentTasks)
    }

    /// The uuid of the task.
    public private(set) var uuid: String
    /// The path of its entrypoint; `concurrent` for concurrent steps.
    public let path: String
    /// The parameters.
    public var params: JSONObject
    /// Data about the task; it travels with its messages.
    public var metadata: JSONObject
    /// The state of the task. One that is ``TaskStatus/success`` is not run; its ``result`` is forwarded.
    public var status: TaskStatus
    /// The result of the task so far.
    public var result: ExecutionResult

    /// Whether it ran here and succeeded.
    private(set) var hasSucceeded = false
    /// What its run has set in its metadata, which goes on with the next tasks.
    private(set) var carried: JSONObject = [:]
    /// Whether its `postInit` was called.
    private var hasBegun = false

    private var work: Work
    private let hasGivenUUID: Bool

    /// Makes a step.
    ///
    /// - Parameters:
    ///   - entrypoint: the entrypoint to run.
    ///   - params: its parameters.
    ///   - uuid: the uuid of the task; a random one when empty.
    ///   - status: the state to begin with, for an operation that is resumed.
    ///   - result: the result to begin with; nil makes a fresh one.
    ///   - metadata: data about the task.
    public init(
        _ entrypoint: some TaskEntrypoint,
        _ params: JSONObject = [:],
        uuid: String = "",
        status: TaskStatus = .pending,
        result: ExecutionResult? = nil,
        metadata: JSONObject = [:]
    ) {
        self.init(.entrypoint(RegisteredEntrypoint(entrypoint)), path: entrypoint.path, uuid: uuid)
        self.params = params
        self.metadata = metadata
        self.status = status
        if let result { self.result = result }
    }

    init(_ work: Work, path: String, uuid: String) {
        self.work = work
        self.path = path
        self.uuid = uuid.isEmpty ? .randomUUID() : uuid
        hasGivenUUID = !uuid.isEmpty
        params = [:]
        metadata = [:]
        status = .pending
        result = ExecutionResult(uuid: self.uuid)
    }

    /// The steps that run at once; none for a single task.
    public var members: [TaskCall] { concurrentTasks?.members ?? [] }

    /// The steps that run at once; nil for a single task.
    var concurrentTasks: ConcurrentTasks? {
        if case .concurrent(let tasks) = work { tasks } else { nil }
    }

    /// A message that asks for the task.
    package func message(result: ExecutionResult?) -> Message {
        Message(uuid: uuid, entrypoint: path, params: params, result: result ?? self.result, metadata: metadata)
    }
}

extension TaskCall {
    /// Calls the `postInit` of the step, or of those that run at once, unless that was done. Its failure is kept in the
    /// result.
    ///
    /// - Throws: what `onError` throws then.
    mutating func begin(in operation: Execution) async throws {
        switch work {
        case .concurrent(var tasks):
            defer { work = .concurrent(tasks) }
            for index in tasks.members.indices { try await tasks.members[index].begin(in: operation) }
        case .entrypoint(let entrypoint):
            if hasBegun { return }
            hasBegun = true
            let execution = makeExecution(of: entrypoint, in: operation)
            defer { take(execution) }
            try await entrypoint.begin(execution)
        }
    }

    /// Runs the step in an operation's execution and keeps what becomes of it.
    ///
    /// - Parameters:
    ///   - previous: the result of what ran before.
    ///   - metadata: what the runs before have set in theirs; what the step has itself counts.
    ///   - operation: the operation's execution.
    /// - Returns: what it gave.
    /// - Throws: what it threw.
    mutating func run(
        after previous: ExecutionResult?,
        carrying metadata: JSONObject,
        in operation: Execution
    ) async throws -> ExecutionResult {
        hasSucceeded = false
        switch work {
        case .concurrent(var tasks):
            defer { work = .concurrent(tasks) }
            result = try await tasks.run(as: uuid, after: previous, carrying: metadata, in: operation)
            for member in tasks.members { carried.merge(member.carried) }
            hasSucceeded = result.retcode == 0
            return result
        case .entrypoint(let entrypoint):
            try await begin(in: operation)
            self.metadata.fill(from: metadata)
            let execution = makeExecution(of: entrypoint, in: operation)
            let received = self.metadata
            defer {
                take(execution)
                carried = self.metadata.changes(since: received)
            }
            let outcome = try await entrypoint.throwingPerform(execution, previous.map { Boxed($0) })
            if entrypoint.isOperation { execution.result = outcome }
            hasSucceeded = outcome.retcode == 0
            return outcome
        }
    }

    /// Takes back what the step did, if it is done: concurrent steps from the last to the first. The report takes the
    /// steps that could not be compensated, and why.
    mutating func compensate(in operation: Execution, _ report: (TaskCall, any Error) -> Void) async {
        switch work {
        case .concurrent(var tasks):
            for index in tasks.members.indices.reversed() {
                await tasks.members[index].compensate(in: operation, report)
            }
            work = .concurrent(tasks)
        case .entrypoint(let entrypoint):
            guard hasSucceeded || status == .success else { return }
            let execution = makeExecution(of: entrypoint, in: operation)
            do {
                _ = try await entrypoint.compensate(execution)
                status = .compensated
            } catch {
                status = .uncompensated
                report(self, error)
            }
        }
        hasSucceeded = false
    }

    /// How many single steps it is, and how many of them are done.
    var counts: (done: Int, all: Int) {
        guard let tasks = concurrentTasks else { return (hasSucceeded || status == .success ? 1 : 0, 1) }
        return tasks.members.map(\.counts).reduce((0, 0)) { ($0.done + $1.done, $0.all + $1.all) }
    }

    private func makeExecution(of entrypoint: RegisteredEntrypoint, in operation: Execution) -> Execution {
        Execution(
            uuid: uuid,
            path: path,
            isTask: entrypoint.isTask,
            params: params,
            result: result,
            metadata: metadata,
            record: operation.record,
            attempt: operation.attempt,
            status: status,
            dateStrategy: entrypoint.dateStrategy,
            commonDateStrategy: operation.commonDateStrategy,
            logger: operation.logger,
            monitor: operation.monitor,
            observer: operation.observer
        )
    }

    private mutating func take(_ execution: Execution) {
        params = execution.params
        metadata = execution.metadata
        status = execution.status
        result = execution.result
    }

    /// The uuids of the step and of its members.
    var uuids: [String] { [uuid] + members.flatMap(\.uuids) }

    /// Takes the step's uuids. Copies of a step that was given no uuid are steps of their own and get new ones.
    ///
    /// - Returns: a given uuid that is taken already; nil when there is none.
    mutating func claim(_ taken: inout Set<ScalarKey>) -> String? {
        if !taken.insert(ScalarKey(uuid)).inserted {
            if hasGivenUUID { return uuid }
            let copied = uuid
            uuid = .randomUUID()
            if result.uuid == copied { result.uuid = uuid }
            taken.insert(ScalarKey(uuid))
        }
        guard case .concurrent(var tasks) = work else { return nil }
        defer { work = .concurrent(tasks) }
        return tasks.claim(&taken)
    }
}
