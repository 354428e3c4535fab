// What nobody does by itself, after something was lost.
extension OperationDraft {
    /// Looks whether the operation stands still, and makes it go on.
    ///
    /// - Returns: the tasks that are to be sent, by a client.
    mutating func recover() throws(StoreError) -> [DueTask] {
        if head.isEnded {
            head.dueAt = nil
            return []
        }
        if head.isConcluding { return [] }
        var overdue: [TaskRecord] = []
        for task in try tasks(in: head.step) where isUnbegun(task) || head.isInWork(task) {
            if task.dueAt.map({ $0 <= now }) ?? true { overdue.append(task) }
        }
        if let deadline = head.deadline, now >= deadline, head.status != .compensating, head.status != .cancelling {
            if try expire(overdue) { return try dueTasks(released()) }
        }
        for task in overdue { try mend(task) }
        if head.status == .cancelling { try concludeCancellation(for: "") } else { try release(for: "") }
        head.dueAt = nil
        try rearm()
        return try dueTasks(released())
    }

    /// Ends an operation whose time is over, unless tasks are in work that end by themselves.
    private mutating func expire(_ overdue: [TaskRecord]) throws(StoreError) -> Bool {
        let lost = overdue.filter { head.isInWork($0) }
        if head.running > lost.count { return false }
        for task in try tasks(in: head.step) where isUnbegun(task) || head.isInWork(task) { try withdraw(task.place) }
        try end(as: .failed, .from(Self.expired, uuid: head.uuid), for: "")
        return true
    }

    /// Has a task sent again that was not begun in time, or that nobody runs any more.
    private mutating func mend(_ task: TaskRecord) throws(StoreError) {
        try withdraw(task.place)
        try update(task.place) { $0.resends += 1 }
    }

    /// Has somebody look again when the first of its times has come.
    private mutating func rearm() throws(StoreError) {
        if head.isEnded { return }
        if let deadline = head.deadline, head.status != .compensating {
            arm(by: max(deadline, now.addingSaturating(1_000)))
        }
        for task in try tasks(in: head.step) { if let due = task.dueAt { arm(by: due) } }
    }
}
