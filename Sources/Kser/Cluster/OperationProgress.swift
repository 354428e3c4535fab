/// How far an operation is.
public struct OperationProgress: Sendable, Hashable {
    /// The uuid of the operation.
    public var uuid: String
    /// The state of the operation.
    public var status: TaskStatus
    /// How many tasks have succeeded; concurrent ones are counted each.
    public var completed: Int
    /// How many tasks there are.
    public var total: Int
    /// The paths of the entrypoints in work.
    public var running: [String]
    /// How long the operation took so far: since it began in process, since it was launched across machines.
    public var elapsed: Duration

    /// Makes a progress.
    public init(
        uuid: String,
        status: TaskStatus,
        completed: Int,
        total: Int,
        running: [String],
        elapsed: Duration
    ) {
        self.uuid = uuid
        self.status = status
        self.completed = completed
        self.total = total
        self.running = running
        self.elapsed = elapsed
    }
}

extension OperationProgress: CustomStringConvertible {
    /// `RUNNING, 3 of 8 tasks done, 1.5 seconds`, with the entrypoints in work.
    public var description: String {
        "\(status.rawValue), \(completed) of \(total) tasks done, \(elapsed)"
            + (running.isEmpty ? "" : ": \(running.joined(separator: ", "))")
    }
}

extension OperationRecord {
    /// How far the operation is at this time, in milliseconds since 1970.
    public func progress(at now: Int64) -> OperationProgress {
        let running = tasks.filter { $0.status == .running || $0.status == .compensating }.map(\.entrypoint)
        return head.progress(at: now, running: running)
    }
}

extension OperationHead {
    func progress(at now: Int64, running: [String]) -> OperationProgress {
        OperationProgress(
            uuid: uuid,
            status: status,
            completed: completed,
            total: total,
            running: running,
            elapsed: .milliseconds(max(0, (endedAt ?? now).subtractingSaturating(createdAt)))
        )
    }
}

/// The progress of a launched operation: where it is now, each change that is seen, and its end.
///
/// It reads the store every ``OperationCluster/pollInterval``, so changes that follow one another fast are seen as one.
public struct LaunchedProgress: AsyncSequence, Sendable {
    let operation: LaunchedOperation

    /// Reads the store while it is iterated.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let operation: LaunchedOperation
        private var version: Int?
        private var last: OperationProgress?
        private var isAtEnd = false

        init(_ operation: LaunchedOperation) { self.operation = operation }

        /// The next change; nil after the end of the operation.
        ///
        /// - Throws: ``StoreError``; `CancellationError`.
        public mutating func next() async throws -> OperationProgress? {
            while !isAtEnd {
                try Task.checkCancellation()
                let head = try await operation.head()
                isAtEnd = head.isEnded
                if head.version != version {
                    version = head.version
                    let running = head.running > 0 ? try await operation.cluster.store.running(in: head.uuid) : []
                    let progress = head.progress(at: operation.cluster.clock.now(), running: running)
                    var comparable = progress
                    comparable.elapsed = .zero
                    if comparable != last {
                        last = comparable
                        return progress
                    }
                }
                if !isAtEnd { try await operation.rest() }
            }
            return nil
        }
    }

    /// Begins to read.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(operation) }
}
