extension OperationRun {
    /// Runs the operation across machines: each task on whichever worker of the cluster takes its message.
    ///
    /// Tasks whose status is ``TaskStatus/success`` are passed over, and their results forwarded. A step is stored as the
    /// path of its entrypoint and its params, so workers run the entrypoint that they have registered under this path; one
    /// that is an operation runs as a whole on one worker, and ``OperationEntrypoint/computeTasks(_:in:)`` spreads its
    /// tasks instead. Steps that run at once go to as many workers. The operation's `timeLimit` counts from now.
    ///
    /// - Parameters:
    ///   - cluster: the workers.
    ///   - result: the result of what ran before, forwarded to the first task.
    /// - Returns: the launched operation, once its first task is sent.
    /// - Throws: what building threw; ``KserError`` for an operation without tasks (`Nothing to do, empty operation !`);
    ///   ``StoreError``, for example `duplicate` for a uuid that is in the store; or why the first task was not sent: the
    ///   operation is cancelled then. ``StoreError`` `undecided` when that is not known: it may run.
    @discardableResult
    public func launch(
        on cluster: OperationCluster,
        after result: ExecutionResult? = nil
    ) async throws -> LaunchedOperation {
        if let buildError { throw buildError }
        guard let tracer = cluster.producer as? any LaunchTracer else {
            return try await launch(on: cluster, after: result, in: nil)
        }
        return try await tracer.traceLaunch(of: execution) { trace in
            try await launch(on: cluster, after: result, in: trace)
        }
    }

    private func launch(
        on cluster: OperationCluster,
        after result: ExecutionResult?,
        in trace: OperationTrace?
    ) async throws -> LaunchedOperation {
        let now = cluster.clock.now()
        var record = try makeRecord(after: result, at: now, in: cluster)
        record.head.trace = trace?.json
        let due = try record.begin(at: now)
        try await cluster.store.insert(record)
        do {
            try await cluster.send(due, of: uuid)
        } catch {
            try await giveUp(on: cluster, after: error)
        }
        return cluster.operation(uuid)
    }

    /// Cancels an operation whose first tasks were not sent, unless one was taken all the same.
    ///
    /// - Throws: why they were not sent, when the operation is cancelled.
    private func giveUp(on cluster: OperationCluster, after error: any Error) async throws {
        let isCancelled: Bool?
        do {
            isCancelled = try await cluster.change(uuid) { draft throws(StoreError) in
                guard draft.head.status == .pending, draft.head.running == 0 else { return false }
                try draft.cancel(isForced: false)
                return true
            }
        } catch let failure {
            throw StoreError(
                .undecided,
                "The operation is stored, and whether its first task was sent is not known (\(error)); "
                    + "nor could it be cancelled (\(failure)): see what became of it before it is launched again",
                uuid: uuid
            )
        }
        if isCancelled == true { throw error }
    }

    private func makeRecord(
        after result: ExecutionResult?,
        at now: Int64,
        in cluster: OperationCluster
    ) throws -> OperationRecord {
        var groups: [Int: OperationRecord.Group] = [:]
        var tasks: [TaskRecord] = []
        for (step, call) in self.tasks.enumerated() {
            groups[step] = call.group
            for member in call.group == nil ? [call] : call.members {
                if member.group != nil {
                    throw KserError.validation(
                        "Concurrent steps inside concurrent steps cannot be launched across machines: \(execution.path)"
                    )
                }
                var task = member.record(of: uuid, place: tasks.count, step: step, at: now)
                task.topic = cluster.topic(of: task.entrypoint)
                tasks.append(task)
            }
        }
        if tasks.isEmpty { throw KserError(.error, ExecutionResult.nothingToDo().stderr) }
        return OperationRecord(
            uuid: uuid,
            entrypoint: execution.path,
            params: execution.params,
            metadata: execution.metadata,
            compensates: operation.compensatesOnFailure,
            input: result,
            timeLimit: operation.timeLimit.map(\.milliseconds),
            createdAt: now,
            groups: groups,
            tasks: tasks
        )
    }
}

extension TaskCall {
    /// How the steps that run at once belong together; nil for a single task.
    fileprivate var group: OperationRecord.Group? {
        concurrentTasks.map {
            OperationRecord.Group(
                uuid: uuid,
                limit: $0.limit == .max ? nil : $0.limit,
                finishesAll: $0.policy == .finishAll,
                key: $0.key
            )
        }
    }

    fileprivate func record(of operation: String, place: Int, step: Int, at now: Int64) -> TaskRecord {
        TaskRecord(
            operation: operation,
            place: place,
            step: step,
            uuid: uuid,
            entrypoint: path,
            params: params,
            metadata: metadata,
            status: status == .success ? .success : .pending,
            result: result,
            createdAt: now
        )
    }
}
