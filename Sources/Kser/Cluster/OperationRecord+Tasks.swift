// What the messages of tasks do to an operation. All of it is pure: who calls it compares and sets the outcome.
extension OperationRecord {
    /// What becomes of a message for a task.
    enum Admission: Sendable, Equatable {
        /// Its task is run.
        case run
        /// Its task is compensated.
        case compensate
        /// Its record has ended the task already, with this result.
        case done(ExecutionResult)
        /// Another message has the task, or it is not, or no more, the task's turn.
        case drop
    }

    /// Makes the operation and its first tasks ready.
    mutating func begin(at now: Int64) {
        advance(for: "", at: now)
    }

    /// Takes a message for a task.
    ///
    /// - Parameters:
    ///   - ticket: what the message says about its operation.
    ///   - owner: the record that brought it. A record that has begun the task may do so again, since it is delivered
    ///     again only when it was not finished; any other record is a copy.
    ///   - now: the time.
    /// - Returns: what becomes of the message.
    mutating func admit(_ ticket: OperationTicket, by owner: String, at now: Int64) -> Admission {
        guard let index = index(of: ticket.task) else { return .drop }
        let task = tasks[index]
        guard ticket.round == round, isWaiting(task) || isInWork(task), task.cause != nil,
            task.owner == nil || task.owner == owner
        else {
            return task.endedAt != nil && task.owner == owner ? .done(task.result) : .drop
        }
        switch status {
        case .paused:
            withdraw(index, at: now)
            return .drop
        case .cancelling:
            withdraw(index, at: now)
            concludeCancellation(for: owner, at: now)
            return .drop
        case .compensating:
            take(index, by: owner, .compensating, at: now)
            return .compensate
        default:
            take(index, by: owner, .running, at: now)
            if let deadline, now >= deadline {
                let result = ExecutionResult.from(Self.expired, uuid: task.uuid)
                end(index, .failed, result, at: now)
                concludeStep(for: owner, at: now)
                return .done(result)
            }
            status = .running
            startedAt = startedAt ?? now
            return .run
        }
    }

    /// Records what a task gave, or how its compensation went, and makes what comes next ready.
    ///
    /// - Returns: false when the task is not, or no more, this record's to end.
    mutating func finish(
        _ ticket: OperationTicket,
        by owner: String,
        _ result: ExecutionResult,
        at now: Int64
    ) -> Bool {
        guard ticket.round == round, let index = index(of: ticket.task), isInWork(tasks[index]),
            tasks[index].owner == owner
        else { return false }
        end(index, with: result, for: owner, at: now)
        return true
    }

    /// Ends a task whose message this record owes and cannot send, as if it had been run and failed.
    mutating func refuse(_ task: String, by owner: String, _ result: ExecutionResult, at now: Int64) {
        guard let index = index(of: task), tasks[index].cause == owner, tasks[index].owner == nil,
            isWaiting(tasks[index])
        else { return }
        end(index, with: result, for: owner, at: now)
    }

    /// Makes a success the failure that a hook made of it.
    mutating func fail(_ result: ExecutionResult, for cause: String, at now: Int64) {
        endedAt = nil
        end(as: .failed, result, for: cause, at: now)
    }

    private static let expired = KserError(.deadlineExceeded, "The operation did not end within its time limit")

    func isWaiting(_ task: TaskRecord) -> Bool {
        task.status == (status == .compensating ? .success : .pending)
    }

    func isInWork(_ task: TaskRecord) -> Bool {
        task.status == (status == .compensating ? .compensating : .running)
    }
}

// A task.
extension OperationRecord {
    private mutating func take(_ index: Int, by owner: String, _ status: TaskStatus, at now: Int64) {
        tasks[index].owner = owner
        tasks[index].status = status
        tasks[index].attempts += 1
        tasks[index].startedAt = now
        tasks[index].updatedAt = now
    }

    /// Ends a task with what it gave, or how its compensation went, and goes on.
    private mutating func end(_ index: Int, with result: ExecutionResult, for owner: String, at now: Int64) {
        let isSuccess = result.retcode == 0
        if status == .compensating {
            end(index, isSuccess ? .compensated : .uncompensated, tasks[index].result, at: now)
            return compensateNext(for: owner, at: now)
        }
        end(index, isSuccess ? .success : .failed, result, at: now)
        if status == .cancelling {
            concludeCancellation(for: owner, at: now)
        } else {
            concludeStep(for: owner, at: now)
        }
    }

    private mutating func end(_ index: Int, _ status: TaskStatus, _ result: ExecutionResult, at now: Int64) {
        tasks[index].status = status
        tasks[index].result = result
        tasks[index].endedAt = now
        tasks[index].updatedAt = now
    }

    /// Makes a task wait for its turn again; its message counts no more.
    private mutating func withdraw(_ index: Int, at now: Int64) {
        tasks[index].status = .pending
        tasks[index].cause = nil
        tasks[index].owner = nil
        tasks[index].updatedAt = now
    }

    func isAnyInWork(of step: Int) -> Bool { indices(of: step).contains { isInWork(tasks[$0]) } }
}

// A step.
extension OperationRecord {
    /// Goes on after a task of the step in work ended.
    private mutating func concludeStep(for cause: String, at now: Int64) {
        let members = indices(of: position)
        guard members.contains(where: { tasks[$0].status == .failed }) else {
            return advance(for: cause, at: now)
        }
        let waiting = members.filter { tasks[$0].status == .pending }
        if groups[position]?.finishesAll == true, !waiting.isEmpty {
            return release(for: cause, at: now)
        }
        for index in waiting where tasks[index].cause != nil { withdraw(index, at: now) }
        if isAnyInWork(of: position) { return }
        end(as: .failed, result(of: position), for: cause, at: now)
    }

    /// Passes over the steps that are done, and makes the tasks of the next one ready; at the end the operation has
    /// succeeded.
    mutating func advance(for cause: String, at now: Int64) {
        updatedAt = now
        let start = position
        while position < stepCount, indices(of: position).allSatisfy({ tasks[$0].status == .success }) { position += 1 }
        if position == stepCount {
            status = .success
            result = forwarded(to: position)
            endedAt = now
        } else if position > start, let deadline, now >= deadline {
            end(as: .failed, .from(Self.expired, uuid: uuid), for: cause, at: now)
        } else {
            release(for: cause, at: now)
        }
    }

    /// Makes tasks of the step in work ready, as many as may run at once; a paused operation makes none.
    mutating func release(for cause: String, at now: Int64) {
        updatedAt = now
        if status == .paused { return }
        let members = indices(of: position)
        let ready = members.filter { tasks[$0].cause == nil && isWaiting(tasks[$0]) }
        let inFlight = members.count {
            tasks[$0].cause != nil && (isWaiting(tasks[$0]) || isInWork(tasks[$0]))
        }
        for index in ready.prefix(max(0, (groups[position]?.limit ?? .max) - inFlight)) {
            tasks[index].cause = cause
            tasks[index].updatedAt = now
        }
    }
}

// The end.
extension OperationRecord {
    /// Ends the operation, or compensates first.
    mutating func end(as ending: TaskStatus, _ result: ExecutionResult?, for cause: String, at now: Int64) {
        updatedAt = now
        self.result = result
        guard compensates, tasks.contains(where: { $0.status == .success }) else {
            status = ending
            endedAt = now
            return
        }
        status = .compensating
        self.ending = ending
        round += 1
        position = stepCount - 1
        for index in tasks.indices where tasks[index].status == .success {
            tasks[index].cause = nil
            tasks[index].owner = nil
        }
        compensateNext(for: cause, at: now)
    }

    /// Goes back to the last step that has something to compensate; without one the operation has ended.
    private mutating func compensateNext(for cause: String, at now: Int64) {
        while position >= 0, !indices(of: position).contains(where: { isWaiting(tasks[$0]) || isInWork(tasks[$0]) }) {
            position -= 1
        }
        if position >= 0 { return release(for: cause, at: now) }
        position = 0
        status = ending ?? .failed
        updatedAt = now
        endedAt = now
    }

    /// Ends a cancelled operation as soon as no task of it is in work.
    mutating func concludeCancellation(for cause: String, at now: Int64) {
        updatedAt = now
        if isAnyInWork(of: position) {
            status = .cancelling
            return
        }
        end(as: .cancelled, .from(KserError(.cancelled), uuid: uuid), for: cause, at: now)
    }
}
