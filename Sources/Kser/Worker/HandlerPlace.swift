import Synchronization

/// The place of a handler among those that run at once, while the handler waits for an operation whose tasks may need it.
final class HandlerPlace: Sendable {
    /// That of the handler in whose task this is; nil outside of handlers, and where no operations run.
    @TaskLocal static var current: HandlerPlace?

    private struct State {
        /// How many of the handler's child tasks wait.
        var waiting = 0
        var isOver = false
        var hasWarned = false
    }

    private let worker: Worker
    private let record: Record
    private let partition: PartitionStream
    private let state = Mutex(State())

    init(_ record: Record, of partition: PartitionStream, in worker: Worker) {
        self.record = record
        self.partition = partition
        self.worker = worker
    }

    /// Waits for an operation: a handler does so without its place, and not at all where the operation's tasks would stay
    /// behind the handler's own message.
    ///
    /// - Throws: ``KserError`` `configuration` when it would wait for ever; what the body throws.
    static func wait(
        for operation: LaunchedOperation,
        _ body: () async throws -> Void
    ) async throws {
        guard let current else { return try await body() }
        try await current.wait(for: operation, body)
    }

    private func wait(for operation: LaunchedOperation, _ body: () async throws -> Void) async throws {
        if state.withLock({ $0.isOver }) || !isInTheWay(of: operation) { return try await body() }
        if worker.concurrency.mode == .partition { throw deadlock(operation) }
        warnWhenHeldBack(operation)
        leave()
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        await come()
        try outcome.get()
    }

    /// Ends with the handler: what waits in spite of that does so without a place.
    func end() async {
        let isAway = state.withLock { state in
            defer { state.isOver = true }
            return state.waiting > 0
        }
        if isAway { await worker.handlers.take(of: partition) }
    }

    private func leave() {
        let isFirst = state.withLock { state in
            if state.isOver { return false }
            state.waiting += 1
            return state.waiting == 1
        }
        if isFirst { worker.handlers.giveBack() }
    }

    private func come() async {
        let isLast = state.withLock { state in
            if state.isOver { return false }
            state.waiting -= 1
            return state.waiting == 0
        }
        if isLast { await worker.handlers.take(of: partition) }
    }

    /// Whether tasks of the operation come to the topic of the handler's message, or to the one it was in before any retry.
    private func isInTheWay(of operation: LaunchedOperation) -> Bool {
        let cluster = operation.cluster
        let origin = Lineage(record, through: worker.options.retries?.topics).topic
        return [record.topic, origin].contains { $0 == cluster.topic || cluster.topics.values.contains($0) }
    }

    private func deadlock(_ operation: LaunchedOperation) -> KserError {
        KserError(
            .configuration,
            "The handler of \(record.position) waits for an operation whose tasks come to \(record.topic) too, where they "
                + "stay behind the handler's own message. Return without waiting, or give the tasks another topic, "
                + "or the worker concurrency .key or .unordered",
            extra: ["operation": .string(operation.uuid)]
        )
    }

    /// The partition goes only so far ahead of a message that is not done.
    private func warnWhenHeldBack(_ operation: LaunchedOperation) {
        guard partition.isHeldBack(by: record) else { return }
        let isFirst = state.withLock { state in
            defer { state.hasWarned = true }
            return !state.hasWarned
        }
        if !isFirst { return }
        worker.log(
            .warning,
            "Consumer: \(record.position) holds its partition back, \(worker.options.maxUncommitted) messages are "
                + "behind it, while its handler waits for operation \(operation.uuid): it waits for ever if a task is "
                + "further behind"
        )
    }
}
