/// Who watches an operation that runs here, and what they are told. Watchers only store what they are told, so it may
/// be done under the operation's lock.
struct ProgressWatch {
    private var watchers: [AsyncStream<OperationProgress>.Continuation] = []
    private var status = TaskStatus.pending
    private var running: String?
    private var begin: ContinuousClock.Instant?
    private var elapsed = Duration.zero

    private var isEnded: Bool { status == .success || status == .failed }

    mutating func add(
        _ watcher: AsyncStream<OperationProgress>.Continuation,
        _ uuid: String,
        _ tasks: [TaskCall]
    ) {
        watcher.yield(progress(uuid, tasks))
        if isEnded { watcher.finish() } else { watchers.append(watcher) }
    }

    mutating func note(_ status: TaskStatus, _ uuid: String, _ tasks: [TaskCall]) {
        if status == .running { begin = .now }
        self.status = status
        if isEnded {
            elapsed = total
            begin = nil
        }
        tell(uuid, tasks)
        guard isEnded else { return }
        for watcher in watchers { watcher.finish() }
        watchers = []
    }

    mutating func note(running path: String?, _ uuid: String, _ tasks: [TaskCall]) {
        running = path
        tell(uuid, tasks)
    }

    private func tell(_ uuid: String, _ tasks: [TaskCall]) {
        if watchers.isEmpty { return }
        let progress = progress(uuid, tasks)
        for watcher in watchers { watcher.yield(progress) }
    }

    private var total: Duration { begin.map { .now - $0 } ?? elapsed }

    private func progress(_ uuid: String, _ tasks: [TaskCall]) -> OperationProgress {
        let counts = tasks.map(\.counts)
        return OperationProgress(
            uuid: uuid,
            status: status,
            completed: counts.map(\.done).reduce(0, +),
            total: counts.map(\.all).reduce(0, +),
            running: running.map { [$0] } ?? [],
            elapsed: total
        )
    }
}
