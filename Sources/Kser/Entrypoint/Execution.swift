import Synchronization

/// One run of an entrypoint: what it was asked for, and what it has so far.
///
/// An ``Entrypoint`` is a value that all runs share; what belongs to one run is here. The methods may be called from
/// child tasks of the handler.
public final class Execution: Sendable {
    private struct State {
        /// The message as it was received, with the params, the metadata and the result as they are now.
        var message: Message
        var status: TaskStatus
        var replyHeaders: (@Sendable (_ besideSealed: Bool) -> [Record.Header])?
    }

    /// The uuid of the task.
    public let uuid: String
    /// The path of the entrypoint, such as `dice.DiceRoll`.
    public let path: String
    /// The record that brought the message; nil in process.
    public let record: Record?
    /// How often the message has been tried, this time included.
    public let attempt: Int
    /// The logger of the controller, or the one given in process.
    public let logger: KserLogger

    /// How dates in params and results are written: the entrypoint's way, or else the controller's.
    public let dateStrategy: DateStrategy

    /// The controller's way to write dates.
    let commonDateStrategy: DateStrategy

    /// Who is told what happens; nil when nobody is.
    package let monitor: (any KserMonitor)?

    /// What runs around the steps; nil when nothing does.
    @usableFromInline package let observer: (any ExecutionObserver)?

    private let state: Mutex<State>
    private let isTask: Bool
    private let revision = Atomic(0)
    private let hadParams: Bool
    private let hadMetadata: Bool

    /// The execution of a message.
    init(
        of message: consuming Message,
        path: String,
        isTask: Bool,
        record: Record?,
        attempt: Int,
        status: TaskStatus = .pending,
        dateStrategy: DateStrategy?,
        commonDateStrategy: DateStrategy,
        logger: KserLogger,
        monitor: (any KserMonitor)?,
        observer: (any ExecutionObserver)?
    ) {
        uuid = message.uuid.isEmpty ? .randomUUID() : message.uuid
        self.path = path
        self.isTask = isTask
        self.record = record
        self.attempt = attempt
        self.dateStrategy = dateStrategy ?? commonDateStrategy
        self.commonDateStrategy = commonDateStrategy
        self.logger = logger
        self.monitor = monitor
        self.observer = observer
        hadParams = !message.params.isEmpty
        hadMetadata = !message.metadata.isEmpty
        state = Mutex(State(message: message, status: status))
    }

    package convenience init(
        uuid: String,
        path: String,
        isTask: Bool = false,
        params: JSONObject = [:],
        result: ExecutionResult? = nil,
        metadata: JSONObject = [:],
        record: Record? = nil,
        attempt: Int = 1,
        status: TaskStatus = .pending,
        dateStrategy: DateStrategy? = nil,
        commonDateStrategy: DateStrategy = .secondsSince2001,
        logger: KserLogger,
        monitor: (any KserMonitor)? = nil,
        observer: (any ExecutionObserver)? = nil
    ) {
        let uuid = uuid.isEmpty ? String.randomUUID() : uuid
        self.init(
            of: Message(uuid: uuid, entrypoint: path, params: params, result: result, metadata: metadata),
            path: path,
            isTask: isTask,
            record: record,
            attempt: attempt,
            status: status,
            dateStrategy: dateStrategy,
            commonDateStrategy: commonDateStrategy,
            logger: logger,
            monitor: monitor,
            observer: observer
        )
    }

    /// The parameters. Hooks may change them; the handler's typed parameters are then decoded anew.
    public var params: JSONObject {
        get { state.withLock { $0.message.params } }
        set {
            state.withLock { $0.message.params = newValue }
            revision.add(1, ordering: .sequentiallyConsistent)
        }
    }

    /// Data about the message. What a task of an operation sets in it goes on with all tasks after it, except where one has a
    /// value of its own; `tracing`, `__parent-span__` and `kser.operation` belong to each message alone.
    public var metadata: JSONObject {
        get { state.withLock { $0.message.metadata } }
        set { state.withLock { $0.message.metadata = newValue } }
    }

    /// The result so far: the previous task's, what was printed, and later what the handler returned.
    public var result: ExecutionResult {
        get { state.withLock { $0.message.result } }
        set { state.withLock { $0.message.result = newValue } }
    }

    /// The error that a hook or the handler threw last, as it was thrown, with its type and its cause; nil when none did.
    public var error: (any Error)? { state.withLock { $0.message.result.error } }

    /// The state of a task; kser itself never changes it while it runs.
    public var status: TaskStatus {
        get { state.withLock { $0.status } }
        set { state.withLock { $0.status = newValue } }
    }

    /// Gives headers for the record that answers the message.
    package var replyHeaders: (@Sendable (_ besideSealed: Bool) -> [Record.Header])? {
        get { state.withLock { $0.replyHeaders } }
        set { state.withLock { $0.replyHeaders = newValue } }
    }

    /// The last part of the path: kser's class name.
    public var name: String {
        guard let dot = path.utf8.lastIndex(of: UInt8(ascii: ".")) else { return path }
        return String(path[path.index(after: dot)...])
    }

    /// How often the params were set.
    @usableFromInline var paramsRevision: Int { revision.load(ordering: .sequentiallyConsistent) }

    /// Begins with the result of what ran before.
    @usableFromInline
    func begin(after initial: Boxed<ExecutionResult>) { _ = merge(initial.value) }

    @usableFromInline
    func merge(_ result: ExecutionResult) -> ExecutionResult {
        state.withLock { state in
            state.message.result += result
            return state.message.result
        }
    }
}

extension Execution {
    /// A result with the task's uuid, to be returned from the handler.
    public func result(
        retcode: Int = 0,
        stdout: String = "",
        stderr: String = "",
        retval: JSONObject = JSONObject()
    ) -> ExecutionResult {
        ExecutionResult(uuid: uuid, retcode: retcode, stdout: stdout, stderr: stderr, retval: retval)
    }

    /// Appends the text of a value and a line break to the stdout so far.
    public func print(_ value: Any) { state.withLock { $0.message.result.print(value) } }

    /// Appends the text of a value and a line break to the stderr so far.
    public func printError(_ value: Any) { state.withLock { $0.message.result.printError(value) } }

    /// `Name[uuid]`, or `Name[uuid] - Action` (kser: `label`).
    public func label(_ action: String? = nil) -> String {
        guard let action, !action.isEmpty else { return "\(name)[\(uuid)]" }
        return "\(name)[\(uuid)] - \(action)"
    }

    /// The message that would run this again with another result (kser: `to_Message`).
    public func message(result: ExecutionResult? = nil) -> Message {
        state.withLock { state in
            Message(
                uuid: uuid,
                entrypoint: path,
                params: state.message.params,
                result: result ?? state.message.result,
                metadata: state.message.metadata
            )
        }
    }

    /// The message as it was received, with what the run changed in it.
    ///
    /// Params and metadata that were empty are not shared with the run, as in kser.
    var received: Message {
        var message = state.withLock { $0.message }
        if !hadParams { message.params = [:] }
        if !hadMetadata { message.metadata = [:] }
        return message
    }

    /// Takes over what another run changed.
    func takeChanges(of other: Execution) {
        let changed = other.state.withLock { $0.message }
        state.withLock { state in
            state.message.params = changed.params
            state.message.metadata = changed.metadata
            state.message.result = changed.result
        }
    }

    /// Logs a line about this run: `Name.MESSAGE: path[uuid]: text`, for a task `Name.STATUS: …`.
    public func log(_ text: String, level: LogLevel = .info, metadata: [String: String] = [:]) {
        logger.log(level) {
            LogRecord(
                level,
                logger: isTask ? "kser.sequencing.task" : "kser.entry",
                "\(name).\(isTask ? status.rawValue : "MESSAGE"): \(path)[\(uuid)]: \(text)",
                kmsg: isTask ? message(result: ExecutionResult(uuid: uuid)) : nil,
                metadata: metadata
            )
        }
    }

    @usableFromInline
    func logStep(_ step: String) {
        logger.log(.debug) {
            LogRecord(
                .debug,
                logger: "kser.entry",
                "\(name).\(step): \(path)[\(uuid)]",
                kmsg: message(result: ExecutionResult(uuid: uuid))
            )
        }
    }

    /// Notes that the handler is about to run.
    @usableFromInline
    func noteRun() {
        monitor?.taskBegan(self)
        logStep("Run")
    }

    /// Runs work that is cancelled at a time limit, and tells when it does not end; see `withTimeLimit`.
    @usableFromInline
    func limited(
        to limit: Duration,
        _ work: @escaping @Sendable () async throws -> ExecutionResult
    ) async throws -> ExecutionResult {
        try await withTimeLimit(limit, onOverrun: { self.noteOverrun(of: limit) }, isSuccess: \.isSuccess, work)
    }

    /// Notes that the handler goes on though it was cancelled at its time limit.
    func noteOverrun(of limit: Duration) {
        monitor?.taskOverran(self, limit: limit)
        log("still running, though it was cancelled at its limit of \(limit): it keeps its place", level: .error)
    }

    @usableFromInline
    func logOutcome(_ level: LogLevel, _ step: String, _ result: ExecutionResult) {
        monitor?.taskEnded(self, level == .error ? .failed : .success)
        logger.log(level) {
            LogRecord(
                level,
                logger: "kser.entry",
                "\(name).\(step): \(path)[\(uuid)]: \(result)",
                kmsg: message(result: ExecutionResult(uuid: uuid)),
                kresult: result,
                error: level == .error ? result.retval["error"] : nil
            )
        }
    }
}
