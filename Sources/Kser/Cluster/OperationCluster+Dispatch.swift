extension OperationCluster {
    /// Runs the message of a task, if it is its turn and no other message has it.
    func dispatch(
        _ arrival: Arrival,
        _ ticket: OperationTicket,
        _ record: Record,
        on controller: Controller
    ) async -> Dispatch {
        switch await turn(of: arrival, ticket, record, on: controller) {
        case .over(let dispatch): return dispatch
        case .come(let work, let step, let inWork):
            var arrival = arrival
            let writer = arrival.terms?.writer ?? OperationStep.writer
            arrival.terms = Arrival.Terms(arrival.terms?.supervision, writer, work)
            if let inWork { state.begin(inWork) }
            defer { if let inWork { state.end(inWork) } }
            var dispatch = await controller.dispatch(arrival)
            dispatch.step = step
            return dispatch
        }
    }

    private enum Turn {
        /// There is something to do; the step is nil for a task that no operation has, the attempt for one that is not run.
        case come(Arrival.Work?, OperationStep?, ClusterState.InWork?)
        /// There is nothing to do.
        case over(Dispatch)
    }

    // Not inlined: what it needs would stay in the frame of what waits for the handler.
    @inline(never)
    private func turn(
        of arrival: Arrival,
        _ ticket: OperationTicket,
        _ record: Record,
        on controller: Controller
    ) async -> Turn {
        // Headers say where a record in a retry topic comes from; what owns a task is where it is.
        let owner = "\(record.topic)[\(record.partition)]@\(record.offset)"
        // Before tracing takes from it what is its own.
        let received = arrival.execution.metadata
        func step(_ standing: OperationStep.Standing, isReplied: Bool = true) -> OperationStep {
            OperationStep(
                standing,
                of: ticket,
                owner: owner,
                in: self,
                on: controller,
                received: received,
                isReplied: isReplied
            )
        }
        func over(_ result: ExecutionResult, _ step: OperationStep) -> Turn {
            .over(Dispatch(arrival.execution, result, nil, step: step))
        }
        let admission: OperationDraft.Admission
        do {
            if let store = ticket.store, try await identity() != store {
                state.noteStranger()
                let error = StoreError(
                    .configuration,
                    "The operation is in another store than this worker's: give all workers of the topic the same store",
                    uuid: ticket.operation
                )
                log(.error, "task \(arrival.execution.received) waits: \(error)", controller.logger)
                return over(.from(error, uuid: arrival.execution.uuid), step(.interrupted))
            }
            if arrival.entrypoint == nil { return .come(nil, step(.postponed), nil) }
            guard let found = try await admit(ticket, by: owner, on: controller) else {
                return .come(missingTask(arrival, ticket), nil, nil)
            }
            admission = found
        } catch let error as StoreError where !error.isPassing {
            // The error may name what the message holds, and the message is kept with its dead letter.
            log(.error, "task \(arrival.execution.received) refused: \(error)", controller.logger)
            let result = ExecutionResult.from(error, uuid: arrival.execution.uuid)
            return over(result, step(error.code == .newerSchema ? .postponed : .refused))
        } catch {
            log(.error, "task \(arrival.execution.received) not begun: \(error)", controller.logger)
            return over(.from(error, uuid: arrival.execution.uuid), step(.interrupted))
        }
        switch admission {
        case .run(let attempt):
            let step = step(.ran(attempt), isReplied: !attempt.isCompensation)
            if let beginning = attempt.beginning {
                do {
                    try await callBeginHook(of: beginning, on: controller)
                } catch {
                    return over(.from(error, uuid: arrival.execution.uuid), step)
                }
            }
            let inWork = ClusterState.InWork(operation: ticket.operation, place: attempt.place, attempt: attempt.number)
            return .come(work(of: attempt), step, inWork)
        case .done(let result, let outbox):
            var dispatch = Dispatch(arrival.execution, result, nil, step: step(.passed))
            dispatch.sent = outbox?.outbox ?? []
            return .over(dispatch)
        case .drop(let reason):
            // A copy is nothing to wonder about; of what somebody has replayed, they want to know.
            let level: LogLevel = record.replays > 0 ? .warning : .debug
            log(level, "message of \(arrival.execution.received) dropped: \(reason)", controller.logger)
            return over(ExecutionResult(uuid: arrival.execution.uuid), step(.passed, isReplied: false))
        }
    }

    /// What is done with the entrypoint instead of just running it.
    private func work(of attempt: OperationDraft.Attempt) -> Arrival.Work? {
        if attempt.isCompensation { return { try await $0.compensate($1) } }
        guard let limit = attempt.remaining else { return nil }
        return { entrypoint, execution in
            try await execution.limited(to: limit) { try await entrypoint.perform(execution, nil) }
        }
    }

    private func admit(
        _ ticket: OperationTicket,
        by owner: String,
        on controller: Controller
    ) async throws -> OperationDraft.Admission? {
        let found = try await change(ticket.operation, on: controller) { draft throws(StoreError) in
            try draft.admit(ticket, by: owner)
        }
        return found ?? nil
    }

    /// Answers the message of a task that the store does not have.
    private func missingTask(_ arrival: Arrival, _ ticket: OperationTicket) -> Arrival.Work {
        { [uuid = arrival.execution.uuid] _, _ in
            throw KserError.notFound(
                "There is no such task in the store: \(ticket.task.bounded); its operation was pruned, or launched with "
                    + "another store",
                extra: ["uuid": .string(uuid), "operation": .string(ticket.operation)]
            )
        }
    }
}
