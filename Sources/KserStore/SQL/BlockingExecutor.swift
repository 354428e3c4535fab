import Dispatch

/// Runs an actor on a queue of its own, where it may block without holding up a thread that tasks share.
final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(_ label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    /// Runs something after everything that was enqueued.
    func afterAll(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }
}
