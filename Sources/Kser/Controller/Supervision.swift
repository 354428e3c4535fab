/// What a worker has done around the run of its messages, when it was asked for.
struct Supervision: Sendable {
    let cancellations: CancellationRegistry?
    let deduplicator: Deduplicator?
    let crashes: CrashGuard?
    /// The partition of the record at hand.
    var partition: PartitionStream?
    /// Waits without the handler's place of the record at hand.
    var aside: @Sendable (() async -> Void) async -> Void = { await $0() }

    /// Nil when there is nothing to do.
    init?(_ cancellations: CancellationRegistry?, _ deduplicator: Deduplicator?, _ crashes: CrashGuard?) {
        if cancellations == nil, deduplicator == nil, crashes == nil { return nil }
        self.cancellations = cancellations
        self.deduplicator = deduplicator
        self.crashes = crashes
    }

    /// Why a message does not run; nil when it does.
    func duplicate(_ execution: Execution) async -> Deduplicator.Duplicate? {
        guard let deduplicator, let partition, let record = execution.record else { return nil }
        return await deduplicator.claim(execution.uuid, by: record, of: partition, waiting: aside)
    }

    /// Runs an entrypoint, unless its task is cancelled, or ended the process too often.
    func run(
        _ execution: Execution,
        _ work: @escaping @Sendable () async throws -> ExecutionResult
    ) async throws -> ExecutionResult {
        guard let crashes, let record = execution.record else { return try await runUnguarded(execution, work) }
        return try await crashes.run(record) { try await runUnguarded(execution, work) }
    }

    private func runUnguarded(
        _ execution: Execution,
        _ work: @escaping @Sendable () async throws -> ExecutionResult
    ) async throws -> ExecutionResult {
        guard let cancellations else { return try await work() }
        return try await cancellations.run(execution, work)
    }
}
