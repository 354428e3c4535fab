// Steps, forwards.
extension OperationDraft {
    /// Makes the operation and its first tasks ready.
    mutating func begin(for cause: String) throws(StoreError) {
        try enter(0)
        if let deadline = head.deadline { arm(by: deadline) }
        try advance(for: cause)
    }

    /// Goes on after a task of the step in work ended with this result.
    mutating func concludeStep(after result: ExecutionResult, for cause: String) throws(StoreError) {
        if head.failed == 0 { return try advance(for: cause) }
        let group = head.width > 0 ? try group(of: head.place) : nil
        if group?.finishesAll == true, head.open > head.running { return try release(for: cause) }
        if head.inFlight > head.running {
            for task in try tasks(in: head.step) where isUnbegun(task) { try withdraw(task.place) }
        }
        if head.running > 0 { return }
        let sum = group == nil ? result : try self.result(ofGroup: head.position)
        try end(as: .failed, sum, for: cause)
    }

    /// Passes over the steps that are done, and makes the tasks of the next one ready; at the end the operation has
    /// succeeded.
    mutating func advance(for cause: String) throws(StoreError) {
        let start = head.place
        while head.place < head.total, head.open == 0 {
            if try group(of: head.place) != nil {
                try setResult(try result(ofGroup: head.position), ofGroup: head.position)
            }
            try enter(head.place + head.width)
        }
        if head.place == head.total {
            try succeed()
        } else if head.place > start, let deadline = head.deadline, now >= deadline {
            try end(as: .failed, .from(Self.expired, uuid: head.uuid), for: cause)
        } else {
            try release(for: cause)
        }
    }

    /// Makes tasks of the step in work ready, as many as may run at once; a paused operation makes none.
    mutating func release(for cause: String) throws(StoreError) {
        if head.status == .paused || head.open == head.inFlight { return }
        let limit = try group(of: head.place)?.limit ?? .max
        let pause = cause.isEmpty ? patience.launch : patience.message
        while head.inFlight < limit, head.nextPlace < head.step.upperBound {
            // Places are looked at once: those behind are ready, or done.
            let place = head.nextPlace
            let task = try task(at: place)
            head.nextPlace += 1
            guard task.cause == nil, head.isWaiting(task) else { continue }
            let due = now.addingSaturating(pause.backedOff(task.resends))
            try update(place) { task in
                task.cause = cause
                task.dueAt = due
            }
            releasedPlaces.append(place)
            arm(by: due)
        }
    }

    /// The tasks that this change made ready.
    mutating func released() throws(StoreError) -> [TaskRecord] {
        var tasks: [TaskRecord] = []
        for place in releasedPlaces { tasks.append(try task(at: place)) }
        return tasks.filter { isUnbegun($0) }
    }

    /// The group that a task is a member of.
    mutating func group(of place: Int) throws(StoreError) -> OperationRecord.Group? {
        let task = try task(at: place)
        return task.width == nil ? nil : try group(task.step)
    }
}
