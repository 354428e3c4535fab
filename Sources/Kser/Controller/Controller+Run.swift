import Synchronization

extension Controller {
    /// Runs the message in a record; whatever happens becomes the result (kser: `Controller.run`).
    ///
    /// - Parameters:
    ///   - record: the record; a tombstone is an undecodable message.
    ///   - attempt: how often the message has been tried, this time included.
    /// - Returns: the result, with the uuid of the message or of the result that came with it.
    public nonisolated func run(_ record: Record, attempt: Int = 1) async -> ExecutionResult {
        await dispatch(record, attempt: attempt).result
    }

    /// Runs the message in these bytes; whatever happens becomes the result.
    public nonisolated func run(_ bytes: [UInt8]) async -> ExecutionResult {
        await dispatch(bytes, record: nil, attempt: 1).result
    }

    /// Runs the message in this text; whatever happens becomes the result.
    public nonisolated func run(_ text: String) async -> ExecutionResult { await run(Array(text.utf8)) }

    /// Runs a message; whatever happens becomes the result.
    public nonisolated func run(_ message: Message) async -> ExecutionResult {
        await dispatch(Invocation(message: message)).result
    }

    /// Runs the message in a record and tells what became of it.
    public nonisolated func dispatch(_ record: Record, attempt: Int = 1) async -> Dispatch {
        guard let value = record.value else {
            return refuse([], KserError.validation("The record has no value: a tombstone is not a message"))
        }
        return await dispatch(value, record: record, attempt: attempt)
    }

    private nonisolated func dispatch(_ bytes: [UInt8], record: Record?, attempt: Int) async -> Dispatch {
        logger.log(.debug) {
            LogRecord(
                .debug,
                logger: "kser.controller",
                "\(name).ReceivedFromKafka: \(String(decoding: bytes, as: UTF8.self))"
            )
        }
        let message: Message
        do {
            message = try await admit(codec.decode(bytes))
        } catch {
            return refuse(bytes, error)
        }
        return await dispatch(Invocation(message: message, record: record, attempt: attempt))
    }

    private nonisolated func admit(_ message: Message) async throws -> Message {
        logger.log(.debug) {
            LogRecord(.debug, logger: "kser.controller", "\(name).ReceivedMessage \(message)", kmsg: message)
        }
        guard let onMessage = hooks.onMessage else { return message }
        return try await onMessage(message)
    }

    private nonisolated func refuse(_ bytes: [UInt8], _ error: any Error) -> Dispatch {
        let known = KserError(converting: error)
        logger.log(.error) {
            LogRecord(
                .error,
                logger: "kser.controller",
                "\(name).ImportError: Failed to load data from kafka: \(codec.importFailure(error, of: bytes))",
                error: known.json,
                metadata: ["kafka_raw_data": String(decoding: bytes, as: UTF8.self)]
            )
        }
        return Dispatch(message: nil, result: .from(known), refusal: .undecodable)
    }

    private nonisolated func dispatch(_ invocation: Invocation) async -> Dispatch {
        let arrival = middleware.isEmpty ? await arrive(invocation) : await pass(invocation)
        var message = invocation.message
        if let execution = arrival.execution { message.takeChanges(of: execution) }
        let result: ExecutionResult
        switch arrival.outcome {
        case .success(let outcome): result = outcome
        case .failure(let error): result = .from(error, uuid: message.uuid)
        }
        return Dispatch(message: message, result: await conclude(message, result), refusal: arrival.refusal)
    }

    /// Takes a message through the middleware to its entrypoint.
    private nonisolated func pass(_ invocation: Invocation) async -> Arrival {
        let reached = Reached()
        do {
            let result = try await next(0, reached)(invocation)
            return reached.arrival(outcome: .success(result))
        } catch {
            return reached.arrival(outcome: .failure(error))
        }
    }

    private nonisolated func next(_ index: Int, _ reached: Reached) -> Middleware.Next {
        guard index < middleware.count else {
            return { invocation in
                let arrival = await self.arrive(invocation)
                reached.note(arrival)
                return try arrival.outcome.get()
            }
        }
        return { invocation in
            try await self.middleware[index].handle(invocation, next: self.next(index + 1, reached))
        }
    }

    /// Runs the entrypoint of a message.
    private nonisolated func arrive(_ invocation: Invocation) async -> Arrival {
        guard let entrypoint = registry.withLock({ $0[invocation.message.entrypoint] }) else {
            return Arrival(
                outcome: .failure(unknownEntrypoint(invocation.message)),
                execution: nil,
                refusal: .unknownEntrypoint
            )
        }
        let execution = makeExecution(of: entrypoint, invocation)
        do {
            return Arrival(outcome: .success(try await entrypoint.perform(execution, nil)), execution: execution)
        } catch {
            return Arrival(outcome: .failure(error), execution: execution)
        }
    }

    private nonisolated func makeExecution(of entrypoint: RegisteredEntrypoint, _ invocation: Invocation) -> Execution {
        Execution(
            uuid: invocation.message.uuid,
            path: entrypoint.path,
            isTask: entrypoint.isTask,
            params: invocation.message.params,
            result: invocation.message.result,
            metadata: invocation.message.metadata,
            record: invocation.record,
            attempt: invocation.attempt,
            logger: logger
        )
    }

    private nonisolated func unknownEntrypoint(_ message: Message) -> KserError {
        .validation(
            "Entrypoint '\(message.entrypoint)' not registred",
            extra: [
                "uuid": .string(message.uuid),
                "entrypoint": .string(message.entrypoint),
                "allowed": .array(entrypoints.map(JSON.string)),
            ]
        )
    }

    /// Logs the outcome and hands it to the application's hook; a hook that throws makes it a failure.
    private nonisolated func conclude(_ message: Message, _ result: ExecutionResult) async -> ExecutionResult {
        log(message, result)
        do {
            if result.isSuccess { return try await hooks.onSuccess?(message, result) ?? result }
            return try await hooks.onError?(message, result) ?? result
        } catch {
            let failed = result + .from(error, uuid: message.uuid)
            log(message, failed)
            return failed
        }
    }

    private nonisolated func log(_ message: Message, _ result: ExecutionResult) {
        let level: LogLevel = result.isSuccess ? .info : .error
        logger.log(level) {
            LogRecord(
                level,
                logger: "kser.controller",
                "\(name).\(result.isSuccess ? "Success" : "Failed"): \(message): \(result)",
                kmsg: message,
                kresult: result
            )
        }
    }
}

extension Message {
    /// Takes over what a run changed; params and metadata that were empty are not shared with the run, as in kser.
    fileprivate mutating func takeChanges(of execution: Execution) {
        result = execution.result
        if !params.isEmpty { params = execution.params }
        if !metadata.isEmpty { metadata = execution.metadata }
    }
}
