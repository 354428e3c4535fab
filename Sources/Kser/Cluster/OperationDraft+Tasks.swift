// What the messages of tasks do to an operation.
extension OperationDraft {
    /// What becomes of a message for a task.
    enum Admission: Sendable {
        /// Its task is run, or compensated, as this attempt.
        case run(Attempt)
        /// Its record has ended the task already, with this result, and what the handler sent.
        case done(ExecutionResult, outbox: JSON?)
        /// Another message has the task, or it is not, or no more, the task's turn: why.
        case drop(String)
    }

    /// A run of a task. A store lets no other attempt end the task.
    struct Attempt: Sendable {
        let number: Int
        let place: Int
        let isCompensation: Bool
        /// How long the operation may still take.
        let remaining: Duration?
        /// The operation, when it begins with this attempt and its hooks are to be called.
        let beginning: OperationRecord?
    }

    /// Takes a message for a task.
    ///
    /// - Parameters:
    ///   - ticket: what the message says about its operation.
    ///   - owner: the record that brought it. A record that has begun the task may do so again, since it is delivered
    ///     again only when it was not finished; any other record is a copy.
    /// - Returns: what becomes of the message; nil when the operation has no such task.
    /// - Throws: why the store cannot be read.
    mutating func admit(_ ticket: OperationTicket, by owner: String) throws(StoreError) -> Admission? {
        guard let task = try task(ticket.task) else { return nil }
        if ticket.round != head.round { return try settled(task, by: owner, "its round is over") }
        guard task.cause != nil, head.isWaiting(task) || head.isInWork(task) else {
            return try settled(task, by: owner, "the task is \(task.status)")
        }
        if let other = task.owner, other != owner { return .drop("\(other) has the task") }
        switch head.status {
        case .paused:
            try withdraw(task.place)
            return .drop("the operation is paused")
        case .cancelling:
            try withdraw(task.place)
            try concludeCancellation(for: owner)
            return .drop("the operation is cancelled")
        default: break
        }
        let isCompensation = head.status == .compensating
        let isBeginning = head.status == .pending || head.hook == .running && task.attempts > 0
        try update(task.place) { [now, patience] task in
            task.owner = owner
            task.status = isCompensation ? .compensating : .running
            task.attempts += 1
            task.startedAt = now
            task.dueAt = now.addingSaturating(patience.lease)
        }
        arm(by: now.addingSaturating(patience.lease))
        if !isCompensation {
            if let deadline = head.deadline, now >= deadline {
                let result = ExecutionResult.from(Self.expired, uuid: task.uuid)
                try end(task.place, with: result, for: owner)
                return .done(result, outbox: nil)
            }
            if head.status == .pending {
                head.status = .running
                head.startedAt = head.startedAt ?? now
                head.hook = hasHooks ? .running : nil
            }
        }
        return .run(
            Attempt(
                number: task.attempts + 1,
                place: task.place,
                isCompensation: isCompensation,
                remaining: isCompensation ? nil : head.deadline.map { .milliseconds($0.subtractingSaturating(now)) },
                beginning: hasHooks && isBeginning && head.hook == .running ? try details() : nil
            )
        )
    }

    private func settled(_ task: TaskRecord, by owner: String, _ reason: String) throws(StoreError) -> Admission {
        guard task.endedAt != nil, task.owner == owner else { return .drop(reason) }
        return .done(try result(of: task), outbox: task.outbox)
    }

    /// Records what a task gave, or how its compensation went, and makes what comes next ready.
    ///
    /// - Parameters:
    ///   - ticket: what the message says about its operation.
    ///   - attempt: the attempt that ends.
    ///   - owner: its record.
    ///   - result: what it gave.
    ///   - hasBegun: whether the hooks of the operation's beginning were called before it.
    ///   - metadata: what its handler has set in its metadata.
    ///   - outbox: what its handler sent.
    ///   - refusal: says why what comes next can never be sent. The task has failed then.
    /// - Returns: false when the task is not, or no more, this attempt's to end.
    /// - Throws: why the store cannot be read.
    mutating func finish(
        _ ticket: OperationTicket,
        _ attempt: Int,
        by owner: String,
        _ result: ExecutionResult,
        hasBegun: Bool = false,
        carrying metadata: JSONObject = [:],
        outbox: JSON? = nil,
        refusing refusal: (DueTask) -> KserError? = { _ in nil }
    ) throws(StoreError) -> Bool {
        guard let task = try task(ticket.task), ticket.round == head.round, head.isInWork(task),
            task.owner == owner, task.attempts == attempt
        else { return false }
        if hasBegun, head.hook == .running { head.hook = nil }
        let before = self
        let isForward = head.status != .compensating
        if !metadata.isEmpty, isForward { head.carried.merge(metadata) }
        try end(task.place, with: result, for: owner)
        if result.retcode == 0, isForward, head.status != .compensating {
            for next in try dueTasks(released()) {
                guard let error = refusal(next) else { continue }
                self = before
                try end(task.place, with: .from(error, uuid: task.uuid), for: owner)
                return true
            }
        }
        if outbox != nil { try update(task.place) { $0.outbox = outbox } }
        return true
    }

    /// Ends a task that was not begun, as its worker could not run it.
    ///
    /// - Returns: false when it is not, or no more, this record's turn.
    mutating func fail(
        _ ticket: OperationTicket,
        by owner: String,
        _ result: ExecutionResult
    ) throws(StoreError) -> Bool {
        guard case .run(let attempt)? = try admit(ticket, by: owner) else { return false }
        return try finish(ticket, attempt.number, by: owner, result, hasBegun: true)
    }

    /// Leaves a task to a record of its own that comes after a while.
    ///
    /// - Returns: false when the task is not, or no more, this attempt's to leave.
    mutating func handOver(
        _ ticket: OperationTicket,
        _ attempt: Int,
        by owner: String,
        until due: Int64
    ) throws(StoreError) -> Bool {
        guard let task = try task(ticket.task), ticket.round == head.round, head.isInWork(task),
            task.owner == owner, task.attempts == attempt
        else { return false }
        try update(task.place) { [head] in $0.free(as: head.status == .compensating ? .success : .pending, dueAt: due) }
        arm(by: due)
        return true
    }

    /// Ends a task whose message this record owes and cannot send, as if it had been run and failed.
    mutating func refuse(_ uuid: String, by cause: String, _ result: ExecutionResult) throws(StoreError) {
        guard let task = try task(uuid), isUnbegun(task), task.cause == cause else { return }
        try end(task.place, with: result, for: cause)
    }

    /// Lets an attempt go on counting as alive.
    mutating func renew(_ place: Int, _ attempt: Int) throws(StoreError) {
        let task = try task(at: place)
        guard head.isInWork(task), task.attempts == attempt else { return }
        try update(place) { [now, patience] in $0.dueAt = now.addingSaturating(patience.lease) }
    }

    /// Notes that a client sent the messages of tasks that it owed.
    mutating func noteSent(_ uuids: [String]) throws(StoreError) {
        for uuid in uuids {
            guard let task = try task(uuid), isUnbegun(task), task.cause == "" else { continue }
            let due = now.addingSaturating(patience.message.backedOff(task.resends))
            try update(task.place) { task in
                task.cause = "sent"
                task.dueAt = due
            }
            arm(by: due)
        }
    }

    static let expired = KserError(.deadlineExceeded, "The operation did not end within its time limit")
}

// A task.
extension OperationDraft {
    /// Ends a task with what it gave, or how its compensation went, and goes on.
    mutating func end(_ place: Int, with result: ExecutionResult, for cause: String) throws(StoreError) {
        let isSuccess = result.retcode == 0
        if head.status == .compensating {
            try update(place) { [now] in $0.end(isSuccess ? .compensated : .uncompensated, at: now) }
            return try compensateNext(for: cause)
        }
        let stored = try stored(result, of: try task(at: place))
        try update(place) { [now] task in
            (task.result, task.isDifference) = stored
            task.end(isSuccess ? .success : .failed, at: now)
        }
        if head.status == .cancelling {
            try concludeCancellation(for: cause)
        } else {
            try concludeStep(after: result, for: cause)
        }
    }

    /// Makes a task wait for its turn again; its message counts no more.
    mutating func withdraw(_ place: Int) throws(StoreError) {
        try update(place) { [head] task in
            task.free(as: head.status == .compensating ? .success : .pending, dueAt: nil)
            task.cause = nil
        }
        head.nextPlace = min(head.nextPlace, place)
    }
}

extension Int64 {
    /// Twice as long with each time before, up to 64 times.
    func backedOff(_ count: Int) -> Int64 {
        let (product, isOut) = multipliedReportingOverflow(by: 1 << Int64(Swift.min(Swift.max(0, count), 6)))
        return isOut ? .max : product
    }
}

extension TaskRecord {
    /// Nobody runs it any more.
    mutating func free(as status: TaskStatus, dueAt: Int64?) {
        self.status = status
        owner = nil
        self.dueAt = dueAt
    }

    fileprivate mutating func end(_ status: TaskStatus, at now: Int64) {
        self.status = status
        endedAt = now
        dueAt = nil
    }
}
