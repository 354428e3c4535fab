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

    /// The operation as the store holds it.
    public func record() async throws -> OperationRecord {
        try await cluster.change(uuid) { _ in }.after
    }

    /// Where the operation is now, then each change, up to its end.
    public var progress: LaunchedProgress { LaunchedProgress(operation: self) }

    /// Waits for the end of the operation.
    ///
    /// - Returns: its result: that of its last task, of the one that failed, or what its hooks made of it.
    public func result() async throws -> ExecutionResult {
        for try await _ in progress {}
        return try await record().result ?? ExecutionResult(uuid: uuid)
    }

    /// Has no further task begin until ``resume()``. Tasks in work go on, and their results are kept. A time limit goes on
    /// too.
    ///
    /// - Throws: ``StoreError`` `invalidTransition` unless the operation is pending or running.
    public func pause() async throws {
        try await control { record, now in try record.pause(at: now) }
    }

    /// Goes on where the operation was paused.
    ///
    /// - Throws: ``StoreError`` `invalidTransition` unless the operation is paused.
    public func resume() async throws {
        try await control { record, now in try record.resume(at: now) }
    }

    /// Ends the operation before its time: no further task begins, tasks in work end by themselves, then what succeeded is
    /// compensated if the operation wants that. Its hooks are not called.
    ///
    /// - Throws: ``StoreError`` `invalidTransition` when the operation has ended or is compensating.
    public func cancel() async throws {
        try await control { record, now in try record.cancel(at: now) }
    }

    /// Runs a failed or cancelled operation again from the first task that has not succeeded, with a new time limit. What
    /// was compensated runs again.
    ///
    /// - Throws: ``StoreError`` `invalidTransition` unless the operation is failed or cancelled.
    public func retry() async throws {
        try await control { record, now in try record.retry(at: now) }
    }

    /// Sends the tasks in work once more: for an operation that stands still because the broker has lost its messages. A
    /// task that runs in spite of that runs twice, and the result of the earlier run counts no more.
    ///
    /// - Throws: ``StoreError`` `invalidTransition` when the operation is paused or has ended.
    public func resend() async throws {
        try await control { record, now in try record.resend(at: now) }
    }

    private func control(_ body: (inout OperationRecord, Int64) throws -> Void) async throws {
        let changed = try await cluster.change(uuid) { try body(&$0, cluster.clock.now()) }
        try await cluster.sendOwed(by: "", of: changed.after)
    }
}
