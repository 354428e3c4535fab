// The end.
extension OperationDraft {
    /// Ends the operation with the result of its last step.
    mutating func succeed() throws(StoreError) {
        head.result = try forwarded(to: head.total)
        conclude(as: .success)
    }

    /// Ends the operation, or compensates first.
    mutating func end(as ending: TaskStatus, _ result: ExecutionResult?, for cause: String) throws(StoreError) {
        head.result = result
        head.error = ending == .failed ? result.map { $0.stderr.bounded } : nil
        guard head.compensates, head.completed > 0 else { return conclude(as: ending) }
        head.status = .compensating
        head.ending = ending
        head.round += 1
        for task in try tasks(in: 0..<head.total) where task.status == .success {
            try update(task.place) { task in
                task.cause = nil
                task.owner = nil
            }
        }
        try enter(try lastStep(before: head.total))
        try compensateNext(for: cause)
    }

    /// Goes back to the last step that has something to compensate; without one the operation has ended.
    mutating func compensateNext(for cause: String) throws(StoreError) {
        while head.open == 0, head.place > 0 { try enter(try lastStep(before: head.place)) }
        if head.open > 0 { return try release(for: cause) }
        conclude(as: head.ending ?? .failed)
    }

    /// Where the step begins that ends before this place.
    private mutating func lastStep(before place: Int) throws(StoreError) -> Int {
        guard place > 0 else { return 0 }
        return try group(of: place - 1)?.places.lowerBound ?? place - 1
    }

    /// Ends a cancelled operation as soon as no task of it is in work.
    mutating func concludeCancellation(for cause: String) throws(StoreError) {
        if head.running > 0 {
            head.status = .cancelling
            return
        }
        try end(as: .cancelled, .from(KserError(.cancelled), uuid: head.uuid), for: cause)
    }

    /// All tasks have ended: the operation has too, unless its hooks are to be called first.
    private mutating func conclude(as ending: TaskStatus) {
        if hasHooks, ending != .cancelled {
            head.ending = ending
            head.hook = ending
            arm(by: now.addingSaturating(patience.launch))
        } else {
            close(as: ending)
        }
    }

    private mutating func close(as ending: TaskStatus) {
        head.status = ending
        head.ending = nil
        head.hook = nil
        head.endedAt = now
        head.dueAt = nil
        if ending == .success { head.error = nil }
    }
}

// Hooks at the end.
extension OperationDraft {
    /// The operation, when it ends as soon as its hooks have been called.
    func concluding() throws(StoreError) -> OperationRecord? { head.isConcluding ? try details() : nil }

    /// Records what the hooks made of the operation's result.
    ///
    /// - Parameters:
    ///   - hook: the state whose hooks were called.
    ///   - result: what they gave, or what the hooks of a success threw.
    ///   - isFailure: whether those of a success threw: the operation has failed then.
    ///   - cause: who sends what is to be compensated.
    /// - Throws: why the store cannot be read.
    mutating func settle(
        _ hook: TaskStatus,
        _ result: ExecutionResult,
        isFailure: Bool,
        for cause: String
    ) throws(StoreError) {
        guard head.hook == hook, head.isConcluding else { return }
        head.result = result
        if !isFailure {
            head.error = hook == .failed ? result.stderr.bounded : nil
            return close(as: hook)
        }
        (head.hook, head.ending) = (nil, nil)
        try end(as: .failed, result, for: cause)
    }
}
