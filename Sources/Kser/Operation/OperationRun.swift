import Synchronization

/// One run of an operation: its parameters, its status and its tasks with theirs, made by
/// ``OperationEntrypoint/build(_:uuid:metadata:logger:monitor:)``.
///
/// It may be executed again, though not twice at once: tasks whose status is ``TaskStatus/success`` are skipped and
/// their results forwarded, all others run. As in kser no task's status changes by itself; a task that keeps track sets
/// `execution.status` in its hooks.
public final class OperationRun: Sendable {
    private struct State {
        var tasks: [TaskCall] = []
        var buildError: (any Error)?
        var watch = ProgressWatch()
    }

    /// The operation's own execution: uuid, parameters, metadata and status. Its result is what its message brought, and
    /// is not forwarded to the tasks.
    public let execution: Execution

    let operation: any OperationEntrypoint
    private let state = Mutex(State())

    package init(_ operation: any OperationEntrypoint, _ execution: Execution) {
        self.operation = operation
        self.execution = execution
    }

    /// The uuid of the operation.
    public var uuid: String { execution.uuid }

    /// The state of the operation.
    public var status: TaskStatus { execution.status }

    /// The tasks, each with its status and result so far.
    public var tasks: [TaskCall] { state.withLock { $0.tasks } }

    /// What building threw; executing throws it again.
    public var buildError: (any Error)? { state.withLock { $0.buildError } }

    /// How far the operation is: as it is now, then each change, up to its end. It keeps the last 256 changes for who is
    /// slow to take them. A sequence that begins after the end is empty but for the present state.
    public var progress: some AsyncSequence<OperationProgress, Never> & Sendable {
        let (stream, watcher) = AsyncStream.makeStream(
            of: OperationProgress.self,
            bufferingPolicy: .bufferingNewest(256)
        )
        state.withLock { $0.watch.add(watcher, uuid, $0.tasks) }
        return stream
    }

    /// Tells watchers that the operation has another status.
    func note(_ status: TaskStatus) { state.withLock { $0.watch.note(status, uuid, $0.tasks) } }

    /// Tells watchers which task runs.
    func note(running path: String?) { state.withLock { $0.watch.note(running: path, uuid, $0.tasks) } }

    /// Adds tasks at the end (kser: `add_task`), while the operation runs too.
    ///
    /// - Throws: ``KserError`` `validation` when a task's uuid is taken.
    public func append(_ tasks: TaskCall...) throws { try append(tasks) }

    /// The first task after this one that is not ``TaskStatus/success``; nil when there is none.
    public func next(after task: TaskCall) -> TaskCall? {
        tasks.drop { !$0.uuid.hasSameScalars(as: task.uuid) }.dropFirst().first { $0.status != .success }
    }

    /// The task at a place; nil past the end.
    func task(at index: Int) -> TaskCall? {
        state.withLock { $0.tasks.indices.contains(index) ? $0.tasks[index] : nil }
    }

    /// Puts a changed task in its place.
    package func put(_ task: TaskCall, at index: Int) {
        state.withLock { $0.tasks[index] = task }
    }
}

extension OperationRun {
    /// What kser's constructor and `build` do.
    ///
    /// - Throws: what building throws, or `onError` after `postInit`.
    static func built(_ operation: any OperationEntrypoint, _ execution: Execution) async throws -> OperationRun {
        let run = OperationRun(operation, execution)
        try await run.prepare()
        return run
    }

    /// What kser's constructor and `build` do, but an error is kept.
    static func prepared(_ operation: any OperationEntrypoint, _ execution: Execution) async -> OperationRun {
        let run = OperationRun(operation, execution)
        do { try await run.prepare() } catch { run.state.withLock { $0.buildError = error } }
        return run
    }

    private func prepare() async throws {
        try await begin()
        try await build(execution.params)
    }

    /// What kser's constructor does: `postInit`, whose failure sets the status and goes to `onError`, but does not keep
    /// the operation from running.
    ///
    /// - Throws: what `onError` throws.
    package func begin() async throws {
        do {
            try await operation.postInit(execution)
        } catch {
            _ = try await fail(.from(error, uuid: uuid))
        }
    }

    /// Makes the tasks and appends them to those that are there.
    package func build(_ params: JSONObject) async throws {
        try await execution.observed(.operation(.build)) {
            let taken = Self.uuids(of: tasks)
            try append(
                try await execution.observed(.operation(.computeTasks)) { try await makeTasks(params, beside: taken) }
            )
            try await execution.observed(.operation(.finalize)) { try await operation.finalize(self) }
        }
    }

    /// Makes the tasks.
    package func computeTasks(_ params: JSONObject) async throws -> [TaskCall] {
        try await makeTasks(params, beside: [])
    }

    /// Makes the tasks, and calls the `postInit` of each, which in kser is a part of making it.
    private func makeTasks(_ params: JSONObject, beside taken: Set<ScalarKey>) async throws -> [TaskCall] {
        log(.debug, "PreBuild") { ": \($0): \(JSON.object(params.redacted))" }
        try await operation.checkRequiredParameters(in: execution)
        let changed = try await execution.observed(.operation(.preBuild)) {
            try await operation.preBuild(params, in: execution)
        }
        var tasks = try await operation.tasks(decoding: changed.isEmpty ? params : changed, in: execution)
        try claim(&tasks, beside: taken)
        for index in tasks.indices { try await tasks[index].begin(in: execution) }
        log(.debug, "BuildTasks") { _ in ": \(tasks.count) task(s) found" }
        return tasks
    }

    private func append(_ new: [TaskCall]) throws {
        var new = new
        try state.withLock { state in
            try claim(&new, beside: Self.uuids(of: state.tasks))
            state.tasks += new
        }
    }

    private static func uuids(of tasks: [TaskCall]) -> Set<ScalarKey> {
        Set(tasks.flatMap(\.uuids).map(ScalarKey.init))
    }

    /// Gives each task a uuid of its own.
    private func claim(_ tasks: inout [TaskCall], beside taken: Set<ScalarKey>) throws {
        var taken = taken
        for index in tasks.indices {
            guard let uuid = tasks[index].claim(&taken) else { continue }
            throw KserError.validation(
                "Duplicate task uuid: \(uuid) for \(execution.path)",
                extra: ["uuid": .string(uuid)]
            )
        }
    }
}
