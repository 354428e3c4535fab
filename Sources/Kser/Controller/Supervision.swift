/// What a worker has done around the run of its messages, when it was asked for.
struct Supervision: Sendable {
    let cancellations: CancellationRegistry

    /// Runs an entrypoint, unless its task is cancelled.
    func run(
        _ execution: Execution,
        _ work: @escaping @Sendable () async throws -> ExecutionResult
    ) async throws -> ExecutionResult {
        try await cancellations.run(execution, work)
    }
}
