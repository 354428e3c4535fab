/// What a dispatched message was to its operation, and so what has to be done before its record is completed.
final class OperationStep: Sendable {
    enum Standing: Sendable {
        /// The task was run or compensated; its result is to be recorded in this operation.
        case ran(OperationRecord)
        /// The task had ended before, or another message has it: at most what comes next has to be sent once more.
        case passed
        /// The store could not be asked, so nothing was run.
        case interrupted
    }

    let standing: Standing
    /// Whether the result is one that the sender may want.
    let isReplied: Bool
    let ticket: OperationTicket
    let owner: String
    let cluster: OperationCluster
    let controller: Controller

    init(
        _ standing: Standing,
        of ticket: OperationTicket,
        owner: String,
        in cluster: OperationCluster,
        on controller: Controller,
        isReplied: Bool
    ) {
        self.standing = standing
        self.isReplied = isReplied
        self.ticket = ticket
        self.owner = owner
        self.cluster = cluster
        self.controller = controller
    }

    /// The outcome, where it does not depend on the result.
    var outcome: Outcome? {
        switch standing {
        case .ran: nil
        case .passed: .success
        case .interrupted: .interrupted
        }
    }

    /// The message of a task that is to be sent next, or why it cannot be written.
    struct Next: Sendable {
        let task: String
        let record: Result<ProducerRecord, any Error>
    }

    /// Records the result and tells what is to be sent next. It may be called again: what is recorded stays, and only what
    /// no worker has begun is sent again.
    func conclude(_ result: ExecutionResult) async throws -> [Next] {
        let operation: OperationRecord
        switch standing {
        case .ran(let known):
            do {
                operation = try await cluster.record(result, of: self, in: known)
            } catch let error as StoreError where error.code == .notFound {
                return []  // Somebody has pruned it in the meantime.
            }
        case .passed, .interrupted:
            guard let current = try await cluster.store.operation(ticket.operation) else { return [] }
            operation = current
        }
        return operation.owed(by: owner).map { task in
            Next(task: task.uuid, record: Result { try cluster.producerRecord(for: task, of: operation) })
        }
    }

    /// Ends a task whose message cannot be sent, as if it had been run and failed.
    func refuse(_ task: String, _ error: KserError) async throws {
        let result = ExecutionResult.from(error, uuid: task)
        try await cluster.refuse(task, result, for: self)
    }

    /// Says whether a result can be written into the store and the messages that follow.
    static let writer: Dispatch.Writer = { dispatch in
        _ = try JSONMessageCodec().encode(Message(entrypoint: "", result: dispatch.result))
        return nil
    }
}

extension OperationCluster {
    /// Runs the message of a task, if it is its turn and no other message has it.
    func dispatch(
        _ arrival: Arrival,
        _ ticket: OperationTicket,
        _ record: Record,
        through retries: RetryTopics?,
        on controller: Controller
    ) async -> Dispatch {
        switch await turn(of: arrival, ticket, record, through: retries, on: controller) {
        case .over(let dispatch): return dispatch
        case .come(let work, let step):
            var arrival = arrival
            let writer = arrival.terms?.writer ?? OperationStep.writer
            arrival.terms = Arrival.Terms(arrival.terms?.supervision, writer, work)
            var dispatch = await controller.dispatch(arrival)
            dispatch.step = step
            return dispatch
        }
    }

    private enum Turn {
        /// There is something to do; the step is nil for a task that no operation has.
        case come(Arrival.Work?, OperationStep?)
        /// There is nothing to do.
        case over(Dispatch)
    }

    // Not inlined: operations are large, and would stay in the frame of what waits for the handler.
    @inline(never)
    private func turn(
        of arrival: Arrival,
        _ ticket: OperationTicket,
        _ record: Record,
        through retries: RetryTopics?,
        on controller: Controller
    ) async -> Turn {
        let lineage = Lineage(record, through: retries)
        let owner = "\(lineage.topic)[\(lineage.partition)]@\(lineage.offset)"
        func step(_ standing: OperationStep.Standing, isReplied: Bool = true) -> OperationStep {
            OperationStep(standing, of: ticket, owner: owner, in: self, on: controller, isReplied: isReplied)
        }
        let admitted: Changed<OperationRecord.Admission>
        do {
            admitted = try await admit(ticket, by: owner, on: controller)
        } catch let error as StoreError where error.code == .notFound {
            let work: Arrival.Work = { [uuid = arrival.execution.uuid] _, _ in
                throw KserError.notFound(
                    error.message,
                    extra: ["uuid": .string(uuid), "operation": .string(ticket.operation)]
                )
            }
            return .come(work, nil)
        } catch {
            log(.error, "task \(arrival.execution.received) not begun: \(error)", controller.logger)
            let result = ExecutionResult.from(error, uuid: arrival.execution.uuid)
            return .over(Dispatch(arrival.execution, result, nil, step: step(.interrupted)))
        }
        switch admitted.outcome {
        case .run:
            guard let deadline = admitted.after.deadline else { return .come(nil, step(.ran(admitted.after))) }
            let limit = Duration.milliseconds(deadline.subtractingSaturating(clock.now()))
            let work: Arrival.Work = { entrypoint, execution in
                try await execution.limited(to: limit) { try await entrypoint.perform(execution, nil) }
            }
            return .come(work, step(.ran(admitted.after)))
        case .compensate:
            return .come({ try await $0.compensate($1) }, step(.ran(admitted.after), isReplied: false))
        case .done(let result):
            return .over(Dispatch(arrival.execution, result, nil, step: step(.passed)))
        case .drop:
            log(.debug, "copy of \(arrival.execution.received) dropped", controller.logger)
            let result = ExecutionResult(uuid: arrival.execution.uuid)
            return .over(Dispatch(arrival.execution, result, nil, step: step(.passed, isReplied: false)))
        }
    }

    /// Admits a message, and tells the operation's hooks when that begins or ends the operation.
    private func admit(
        _ ticket: OperationTicket,
        by owner: String,
        on controller: Controller
    ) async throws -> Changed<OperationRecord.Admission> {
        try await change(ticket.operation) { record in
            guard record.index(of: ticket.task) != nil else {
                throw StoreError(
                    .notFound,
                    "Operation \(record.entrypoint) has no such task in the store: \(ticket.task)",
                    uuid: ticket.operation
                )
            }
            let before = record
            var admission = record.admit(ticket, by: owner, at: clock.now())
            if before.status == .pending, record.status == .running {
                do {
                    try await controller.operationRun(of: before)?.setStatus(.running)
                } catch {
                    let result = ExecutionResult.from(error, uuid: ticket.task)
                    _ = record.finish(ticket, by: owner, result, at: clock.now())
                    admission = .done(result)
                }
            }
            await conclude(&record, since: before, by: owner, on: controller)
            return admission
        }
    }

    /// Records the result of a task.
    ///
    /// - Returns: the operation as it is now; when the task was ended by someone else, as that left it.
    fileprivate func record(
        _ result: ExecutionResult,
        of step: OperationStep,
        in known: OperationRecord
    ) async throws -> OperationRecord {
        try await change(step.ticket.operation, from: known) { record in
            let before = record
            if record.finish(step.ticket, by: step.owner, result, at: clock.now()) {
                await conclude(&record, since: before, by: step.owner, on: step.controller)
            }
        }.after
    }

    fileprivate func refuse(_ task: String, _ result: ExecutionResult, for step: OperationStep) async throws {
        _ = try await change(step.ticket.operation) { record in
            let before = record
            record.refuse(task, by: step.owner, result, at: clock.now())
            await conclude(&record, since: before, by: step.owner, on: step.controller)
        }
    }

    /// Calls the hooks of an operation that a change ends; they may change its result.
    private func conclude(
        _ record: inout OperationRecord,
        since before: OperationRecord,
        by owner: String,
        on controller: Controller
    ) async {
        guard !before.isEnded, record.isEnded, let run = controller.operationRun(of: before) else { return }
        let result = record.result ?? ExecutionResult(uuid: record.uuid)
        if record.status == .success {
            do {
                let succeeded = try await run.succeed(result)
                _ = try JSONMessageCodec().encode(Message(entrypoint: "", result: succeeded))
                record.result = succeeded
                return
            } catch {
                record.fail(.from(error, uuid: record.uuid), for: owner, at: clock.now())
            }
        }
        guard record.status == .failed else { return }
        do {
            record.result = try await run.fail(record.result ?? result)
        } catch {
            record.result = .from(error, uuid: record.uuid)
        }
    }
}

extension Controller {
    /// An operation whose entrypoint is registered, for its hooks; nil when it is not.
    fileprivate nonisolated func operationRun(of record: OperationRecord) -> OperationRun? {
        guard let operation = operation(at: record.entrypoint) else { return nil }
        let execution = Execution(
            uuid: record.uuid,
            path: record.entrypoint,
            isTask: true,
            params: record.params,
            result: record.input,
            metadata: record.metadata,
            status: record.status,
            dateStrategy: operation.dateStrategy,
            commonDateStrategy: dateStrategy,
            logger: logger
        )
        return OperationRun(operation, execution)
    }
}
