/// Is told what happens to messages, tasks, operations and partitions; `KserMetrics` has the one that counts.
///
///     let controller = Controller(monitor: monitor)      // its worker and that one's consumer tell it too
///
/// The calls come from any thread, some with every message, so they must be quick and never block. Each has a default
/// that does nothing. Without a monitor all of it costs a branch.
public protocol KserMonitor: AnyObject, Sendable {
    /// A worker takes a record, once for each delivery; its tries follow.
    func recordTaken(_ record: Record)

    /// A message is about to be run.
    ///
    /// - Parameters:
    ///   - execution: its run; its record is nil in process.
    ///   - entrypoint: the path of the entrypoint; nil when none is registered under the message's name.
    func messageBegan(_ execution: Execution, entrypoint: String?)

    /// A message was run to its end, hooks and middleware included; each ``messageBegan(_:entrypoint:)`` has one.
    func messageEnded(_ execution: Execution, entrypoint: String?, _ dispatch: Dispatch, after duration: Duration)

    /// A record is no message: it could not be decoded, or opened, or a hook refused it. It never began.
    func messageRefused(_ record: Record?, _ error: any Error)

    /// A failed message is to be tried again. The tier says where it waits: it is the retry topic's delay in milliseconds,
    /// such as `10000`, or `in-place`.
    func messageRetried(_ record: Record, _ dispatch: Dispatch, tier: String)

    /// A message was given up, and acknowledged by the dead-letter topic when there is one.
    func messageGivenUp(_ record: Record, _ dispatch: Dispatch, reason: DeadLetterReason)

    /// Something that came of a message, such as its reply, was refused for good: less is sent in its place, or the worker
    /// ends with an error.
    func outcomeRefused(_ record: Record, _ dispatch: Dispatch, _ error: any Error)

    /// The handler of an entrypoint is about to run (kser: `kser_task_count`).
    func taskBegan(_ execution: Execution)

    /// An entrypoint logged `Success` or `Failed` (kser: `kser_task_result`): once for most runs, twice when a hook throws.
    func taskEnded(_ execution: Execution, _ status: TaskStatus)

    /// A handler goes on though its time limit passed and it was cancelled some seconds ago: it ignores that. It keeps its
    /// place until it ends.
    func taskOverran(_ execution: Execution, limit: Duration)

    /// The status of an operation changes: in process it is about to, and across machines the change is recorded. There the
    /// monitor of whoever made the change hears of it, once, and the execution has the uuid and the path alone.
    func operationChanged(_ execution: Execution, to status: TaskStatus)

    /// Operations stood still, and a worker made them go on: messages were lost, or whoever had to send them.
    func operationsRecovered(_ count: Int)

    /// A worker runs from now on.
    func workerBegan(_ worker: Worker)

    /// A worker has left its group.
    func workerEnded(_ worker: Worker)

    /// A worker works on a partition from now on.
    func partitionBegan(_ partition: PartitionStream, of worker: Worker)

    /// A worker is through with a partition that was taken away.
    func partitionEnded(_ partition: PartitionStream, of worker: Worker)

    /// A consumer got partitions, or some were taken from it.
    func assignmentChanged(_ change: AssignmentChange, partitions: Int)

    /// A commit was answered, or failed.
    func commitEnded(after duration: Duration, _ error: (any Error)?)
}

/// How the partitions of a consumer changed.
public enum AssignmentChange: String, Sendable {
    /// It got them.
    case assigned
    /// They were taken from it, after what was done was committed.
    case revoked
    /// They were others' before it knew.
    case lost
}

extension KserMonitor {
    /// Does nothing.
    public func recordTaken(_ record: Record) {}
    /// Does nothing.
    public func messageBegan(_ execution: Execution, entrypoint: String?) {}
    /// Does nothing.
    public func messageEnded(
        _ execution: Execution,
        entrypoint: String?,
        _ dispatch: Dispatch,
        after duration: Duration
    ) {}
    /// Does nothing.
    public func messageRefused(_ record: Record?, _ error: any Error) {}
    /// Does nothing.
    public func messageRetried(_ record: Record, _ dispatch: Dispatch, tier: String) {}
    /// Does nothing.
    public func messageGivenUp(_ record: Record, _ dispatch: Dispatch, reason: DeadLetterReason) {}
    /// Does nothing.
    public func outcomeRefused(_ record: Record, _ dispatch: Dispatch, _ error: any Error) {}
    /// Does nothing.
    public func taskBegan(_ execution: Execution) {}
    /// Does nothing.
    public func taskEnded(_ execution: Execution, _ status: TaskStatus) {}
    /// Does nothing.
    public func taskOverran(_ execution: Execution, limit: Duration) {}
    /// Does nothing.
    public func operationChanged(_ execution: Execution, to status: TaskStatus) {}
    /// Does nothing.
    public func operationsRecovered(_ count: Int) {}
    /// Does nothing.
    public func workerBegan(_ worker: Worker) {}
    /// Does nothing.
    public func workerEnded(_ worker: Worker) {}
    /// Does nothing.
    public func partitionBegan(_ partition: PartitionStream, of worker: Worker) {}
    /// Does nothing.
    public func partitionEnded(_ partition: PartitionStream, of worker: Worker) {}
    /// Does nothing.
    public func assignmentChanged(_ change: AssignmentChange, partitions: Int) {}
    /// Does nothing.
    public func commitEnded(after duration: Duration, _ error: (any Error)?) {}
}
