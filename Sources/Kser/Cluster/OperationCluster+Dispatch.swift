extension OperationCluster {
    /// Runs the message of a task, if it is its turn and no other message has it.
    func dispatch(
        _ arrival: Arrival,
        _ ticket: OperationTicket,
        _ record: Record,
        on controller: Controller
    ) async -> Dispatch {
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
        func settled(_ result: ExecutionResult, _ step: OperationStep) -> Dispatch {
            Dispatch(arrival.execution, result, nil, step: step)
        }
        var arrival = arrival
        arrival.writer = arrival.writer ?? OperationStep.writer
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
                return settled(.from(error, uuid: arrival.execution.uuid), step(.interrupted))
            }
            if arrival.entrypoint == nil {
                var dispatch = await controller.dispatch(arrival)
                dispatch.step = step(.postponed)
                return dispatch
            }
            guard let found = try await admit(ticket, by: owner, on: controller) else {
                return await unknown(arrival, ticket, on: controller)
            }
            admission = found
        } catch let error as StoreError where !error.isPassing {
            // The error may name what the message holds, and the message is kept with its dead letter.
            log(.error, "task \(arrival.execution.received) refused: \(error)", controller.logger)
            let result = ExecutionResult.from(error, uuid: arrival.execution.uuid)
            return settled(result, step(error.code == .newerSchema ? .postponed : .refused))
        } catch {
            log(.error, "task \(arrival.execution.received) not begun: \(error)", controller.logger)
            return settled(.from(error, uuid: arrival.execution.uuid), step(.interrupted))
        }
        switch admission {
        case .run(let attempt): return await run(arrival, ticket, attempt, step(.ran(attempt)), on: controller)
        case .done(let result, let outbox):
            var dispatch = settled(result, step(.passed))
            dispatch.sent = outbox?.outbox ?? []
            return dispatch
        case .drop(let reason):
            // A copy is nothing to wonder about; of what somebody has replayed, they want to know.
            let level: LogLevel = record.replays > 0 ? .warning : .debug
            log(level, "message of \(arrival.execution.received) dropped: \(reason)", controller.logger)
            return settled(ExecutionResult(uuid: arrival.execution.uuid), step(.passed, isReplied: false))
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

    private func run(
        _ arrival: Arrival,
        _ ticket: OperationTicket,
        _ attempt: OperationDraft.Attempt,
        _ step: OperationStep,
        on controller: Controller
    ) async -> Dispatch {
        var arrival = arrival
        if attempt.isCompensation {
            arrival.work = { try await $0.compensate($1) }
        } else {
            if let beginning = attempt.beginning {
                do {
                    try await callBeginHook(of: beginning, on: controller)
                } catch {
                    return Dispatch(arrival.execution, .from(error, uuid: arrival.execution.uuid), nil, step: step)
                }
            }
            if let limit = attempt.remaining {
                arrival.work = { entrypoint, execution in
                    try await execution.limited(to: limit) { try await entrypoint.perform(execution, nil) }
                }
            }
        }
        let inWork = ClusterState.InWork(operation: ticket.operation, place: attempt.place, attempt: attempt.number)
        var dispatch = await state.keeping(inWork) { [arrival] in await controller.dispatch(arrival) }
        dispatch.step = OperationStep(
            .ran(attempt),
            of: ticket,
            owner: step.owner,
            in: self,
            on: controller,
            received: step.received,
            isReplied: !attempt.isCompensation
        )
        return dispatch
    }

    /// Answers the message of a task that the store does not have.
    private func unknown(_ arrival: Arrival, _ ticket: OperationTicket, on controller: Controller) async -> Dispatch {
        var arrival = arrival
        arrival.work = { [uuid = arrival.execution.uuid] _, _ in
            throw KserError.notFound(
                "There is no such task in the store: \(ticket.task.bounded); its operation was pruned, or launched with "
                    + "another store",
                extra: ["uuid": .string(uuid), "operation": .string(ticket.operation)]
            )
        }
        return await controller.dispatch(arrival)
    }
}
