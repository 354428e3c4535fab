// What a client does to an operation. Each throws when the operation's status does not allow it.
extension OperationDraft {
    /// Begins no further task until the operation is resumed; tasks in work go on, and their results are kept.
    mutating func pause() throws(StoreError) {
        if head.status == .paused { return }
        try demand("paused", .pending, .running)
        head.status = .paused
    }

    /// Goes on where the operation was paused.
    mutating func resume() throws(StoreError) {
        if head.status == .running, !head.isConcluding { return }
        try demand("resumed", .paused)
        head.status = head.startedAt == nil ? .pending : .running
        try advance(for: "")
    }

    /// Begins no further task, and ends the operation when those in work have ended, or at once when that is forced.
    mutating func cancel(isForced: Bool) throws(StoreError) {
        if head.status == .cancelled || head.status == .cancelling && !isForced { return }
        try demand("cancelled", .pending, .running, .paused, .cancelling)
        for task in try tasks(in: head.step) {
            if isForced, head.isInWork(task) || isUnbegun(task) { try withdraw(task.place) }
            if task.status == .pending { try update(task.place) { $0.cause = nil } }
        }
        try concludeCancellation(for: "")
    }

    /// Begins the tasks in work once more, in a new round, as their messages are lost.
    mutating func resend() throws(StoreError) {
        try demand("sent again", .pending, .running, .cancelling, .compensating)
        head.round += 1
        for task in try tasks(in: head.step) where head.isWaiting(task) || head.isInWork(task) {
            try withdraw(task.place)
        }
        if head.status == .cancelling { return try concludeCancellation(for: "") }
        try release(for: "")
    }

    /// Runs the tasks that have not succeeded, those that were compensated too, in a new round with a new time limit.
    mutating func retry() throws(StoreError) {
        try demand("retried", .failed, .cancelled)
        if head.uncompensated > 0 {
            throw StoreError(
                .invalidTransition,
                "\(head.uncompensated) task(s) could not be compensated, and would run a second time: "
                    + "retry the compensation first",
                uuid: head.uuid
            )
        }
        for task in try tasks(in: 0..<head.total) where task.status != .success {
            try update(task.place) { $0.reset() }
            if task.width != nil { try setResult(nil, ofGroup: task.step) }
        }
        try reopen(as: .running)
        head.error = nil
        head.result = nil
        head.deadline = head.timeLimit.map { now.addingSaturating($0) }
        try begin(for: "")
    }

    /// Compensates again what could not be compensated, in a new round.
    mutating func retryCompensation() throws(StoreError) {
        try demand("compensated again", .failed, .cancelled)
        if head.uncompensated == 0 {
            throw StoreError(.invalidTransition, "No task of the operation is left uncompensated", uuid: head.uuid)
        }
        let ending = head.status
        for task in try tasks(in: 0..<head.total) {
            // What is not compensated any more must not count as waiting for it.
            guard task.status == .uncompensated else { continue }
            try update(task.place) { task in
                task.status = .success
                task.cause = nil
                task.owner = nil
            }
        }
        try reopen(as: .compensating)
        head.ending = ending
        try enter(head.total)
        try compensateNext(for: "")
    }

    private mutating func reopen(as status: TaskStatus) throws(StoreError) {
        head.round += 1
        head.status = status
        head.ending = nil
        head.endedAt = nil
        head.checks = 0
    }

    private func demand(_ done: String, _ allowed: TaskStatus...) throws(StoreError) {
        if head.isConcluding {
            throw StoreError(
                .invalidTransition,
                "The tasks of the operation have ended, and its hooks are being called: it cannot be \(done)",
                uuid: head.uuid
            )
        }
        if allowed.contains(head.status) { return }
        throw StoreError(
            .invalidTransition,
            "An operation that is \(head.status.rawValue) cannot be \(done); it has to be "
                + allowed.filter { $0 != .cancelling || done != "cancelled" }.map(\.rawValue).joined(separator: " or "),
            uuid: head.uuid
        )
    }
}

extension TaskRecord {
    /// Makes it as it was before it began.
    fileprivate mutating func reset() {
        status = .pending
        result = ExecutionResult(uuid: uuid)
        isDifference = false
        outbox = nil
        cause = nil
        owner = nil
        dueAt = nil
        resends = 0
        startedAt = nil
        endedAt = nil
    }
}
