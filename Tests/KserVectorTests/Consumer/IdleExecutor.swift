import Dispatch
import Synchronization

/// Runs the jobs of tasks one after another and tells when there are none: every task that prefers it waits then.
///
/// A consumer is asked for a record by being waited for; so "idle" is where Python's driver polls its client, and it is
/// known without waiting for any time to pass.
final class IdleExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "kser.vectors.idle")
    private let pending = Mutex(0)
    private let whenIdle: @Sendable () -> Void

    init(whenIdle: @escaping @Sendable () -> Void) { self.whenIdle = whenIdle }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pending.withLock { $0 += 1 }
        queue.async {
            job.runSynchronously(on: self.asUnownedTaskExecutor())
            let isIdle = self.pending.withLock { pending in
                pending -= 1
                return pending == 0
            }
            if isIdle { self.whenIdle() }
        }
    }
}
