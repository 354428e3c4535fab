// What a client does to an operation. Each throws when the operation's status does not allow it.
extension OperationRecord {
    /// Begins no further task until the operation is resumed; tasks in work go on, and their results are kept.
    mutating func pause(at now: Int64) throws(StoreError) {
        if status == .paused { return }
        try demand("paused", .pending, .running)
        status = .paused
        updatedAt = now
    }

    /// Goes on where the operation was paused.
    mutating func resume(at now: Int64) throws(StoreError) {
        if status == .running { return }
        try demand("resumed", .paused)
        status = startedAt == nil ? .pending : .running
        advance(for: "", at: now)
    }

    /// Begins no further task, and ends the operation when those in work have ended.
    mutating func cancel(at now: Int64) throws(StoreError) {
        if status == .cancelled || status == .cancelling { return }
        try demand("cancelled", .pending, .running, .paused)
        for index in indices(of: position) where tasks[index].status == .pending { tasks[index].cause = nil }
        concludeCancellation(for: "", at: now)
    }

    /// Begins the tasks in work once more, in a new round, as their messages are lost.
    mutating func resend(at now: Int64) throws(StoreError) {
        try demand("sent again", .pending, .running, .cancelling, .compensating)
        round += 1
        for index in tasks.indices where isWaiting(tasks[index]) || isInWork(tasks[index]) {
            tasks[index].status = status == .compensating ? .success : .pending
            tasks[index].cause = nil
            tasks[index].owner = nil
            tasks[index].updatedAt = now
        }
        if status == .cancelling { return concludeCancellation(for: "", at: now) }
        release(for: "", at: now)
    }

    /// Runs the tasks that have not succeeded, those that were compensated too, in a new round with a new time limit.
    mutating func retry(at now: Int64) throws(StoreError) {
        try demand("retried", .failed, .cancelled)
        round += 1
        for index in tasks.indices where tasks[index].status != .success {
            tasks[index].status = .pending
            tasks[index].result = ExecutionResult(uuid: tasks[index].uuid)
            tasks[index].cause = nil
            tasks[index].owner = nil
            tasks[index].startedAt = nil
            tasks[index].endedAt = nil
            tasks[index].updatedAt = now
        }
        status = .running
        ending = nil
        result = nil
        endedAt = nil
        position = 0
        deadline = timeLimit.map { now.addingSaturating($0) }
        advance(for: "", at: now)
    }

    /// Notes that a client sent the messages of the tasks that it owed.
    mutating func noteSent() {
        for task in owed(by: "") { tasks[task.place].cause = "sent" }
    }

    private func demand(_ done: String, _ allowed: TaskStatus...) throws(StoreError) {
        if allowed.contains(status) { return }
        throw StoreError(
            .invalidTransition,
            "An operation that is \(status.rawValue) cannot be \(done); it has to be "
                + allowed.map(\.rawValue).joined(separator: " or "),
            uuid: uuid
        )
    }
}
