/// An operation that runs across machines, by its uuid.
///
///     let operation = try await DiceLaunch().build().launch(on: cluster)
///     let result = try await operation.result()
///
///     try await cluster.operation(uuid).cancel()
///
/// All methods throw ``StoreError``: `notFound` when the store has no such operation.
public struct LaunchedOperation: Sendable {
    /// The uuid of the operation.
    public let uuid: String
    let cluster: OperationCluster

    /// The operation as the store holds it, with all its tasks and all that each of them gave.
    public func record() async throws -> OperationRecord {
        guard let record = try await cluster.store.operation(uuid) else { throw cluster.missing(uuid) }
        return record.spelledOut()
    }

    /// How far the operation is, without its tasks: what is asked often.
    public func head() async throws -> OperationHead {
        guard let head = try await cluster.store.head(uuid) else { throw cluster.missing(uuid) }
        return head
    }

    /// Where the operation is now, then each change, up to its end.
    public var progress: LaunchedProgress { LaunchedProgress(operation: self) }

    /// Waits for the end of the operation.
    ///
    /// A handler waits without its place, so that others may run. Where its worker runs one message of a partition at a time
    /// and the tasks come to that topic too, they would stay behind the handler's own message.
    ///
    /// - Returns: its result: that of its last task, of the one that failed, or what its hooks made of it.
    /// - Throws: ``KserError`` `configuration` in such a handler, at once.
    public func result() async throws -> ExecutionResult {
        while true {
            let head = try await head()
            if head.isEnded { return head.result ?? ExecutionResult(uuid: uuid) }
            try await rest()
        }
    }

    /// Has no further task begin until ``resume()``. Tasks in work go on, and their results are kept. A time limit goes on
    /// too.
    ///
    /// - Throws: ``StoreError`` `invalidTransition` unless the operation is pending or running.
    public func pause() async throws {
        try await control { draft throws(StoreError) in try draft.pause() }
    }

    /// Goes on where the operation was paused.
    ///
    /// - Throws: ``StoreError`` `invalidTransition` unless the operation is paused.
    public func resume() async throws {
        try await control { draft throws(StoreError) in try draft.resume() }
    }

    /// Ends the operation before its time: no further task begins, tasks in work end by themselves, then what succeeded is
    /// compensated if the operation wants that. Its hooks are not called.
    ///
    /// - Parameter force: does not wait for the tasks in work. They may run on, and what they give counts no more; they are
    ///   not compensated.
    /// - Throws: ``StoreError`` `invalidTransition` when the operation has ended or is compensating.
    public func cancel(force: Bool = false) async throws {
        try await control { draft throws(StoreError) in try draft.cancel(isForced: force) }
    }

    /// Runs a failed or cancelled operation again from the first task that has not succeeded, with a new time limit. What
    /// was compensated runs again.
    ///
    /// - Throws: ``StoreError`` `invalidTransition` unless the operation is failed or cancelled, and when a task could not
    ///   be compensated, since it would run a second time: see ``retryCompensation()``.
    public func retry() async throws {
        try await control { draft throws(StoreError) in try draft.retry() }
    }

    /// Compensates again what could not be compensated; then ``retry()`` may run it again.
    ///
    /// - Throws: ``StoreError`` `invalidTransition` unless the operation is failed or cancelled and has such tasks.
    public func retryCompensation() async throws {
        try await control { draft throws(StoreError) in try draft.retryCompensation() }
    }

    /// Sends the tasks in work once more: for an operation that stands still because the broker has lost its messages. A
    /// task that runs in spite of that runs twice, and the result of the earlier run counts no more.
    ///
    /// - Throws: ``StoreError`` `invalidTransition` when the operation is paused or has ended.
    public func resend() async throws {
        try await control { draft throws(StoreError) in try draft.resend() }
    }

    /// Waits until it is worth while to look again.
    func rest() async throws {
        try await HandlerPlace.wait(for: self) { try await cluster.clock.sleep(cluster.pollInterval) }
    }

    private func control(
        _ body: @escaping @Sendable (inout OperationDraft) throws(StoreError) -> Void
    ) async throws {
        let due = try await cluster.change(uuid) { draft throws(StoreError) in
            try body(&draft)
            return try draft.due(by: "")
        }
        guard let due else { throw cluster.missing(uuid) }
        try await cluster.send(due, of: uuid)
    }
}
