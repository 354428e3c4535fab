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
        await dispatch(message, record: nil, attempt: 1).result
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
        do {
            var message = try codec.decode(bytes)
            logReceived(message)
            if let onMessage = hooks.onMessage { message = try await onMessage(message) }
            return await dispatch(message, record: record, attempt: attempt)
        } catch {
            return refuse(bytes, error)
        }
    }

    private nonisolated func logReceived(_ message: Message) {
        logger.log(.debug) {
            LogRecord(.debug, logger: "kser.controller", "\(name).ReceivedMessage \(message)", kmsg: message)
        }
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
        return Dispatch(nil, .from(known), .undecodable)
    }

    private nonisolated func dispatch(_ message: consuming Message, record: Record?, attempt: Int) async -> Dispatch {
        var dispatch =
            middleware.isEmpty
            ? await arrive(message, record, attempt)
            : await pass(Invocation(message: message, record: record, attempt: attempt))
        log(dispatch)
        let hook = dispatch.result.isSuccess ? hooks.onSuccess : hooks.onError
        if let hook, let message = dispatch.message {
            do {
                dispatch.result = try await hook(message, dispatch.result)
            } catch {
                dispatch.result += .from(error, uuid: message.uuid)
                log(dispatch)
            }
        }
        return dispatch
    }

    /// Runs the entrypoint of a message.
    private nonisolated func arrive(_ message: consuming Message, _ record: Record?, _ attempt: Int) async -> Dispatch {
        let arrival = makeArrival(message, record, attempt)
        let result: ExecutionResult
        do {
            result = try await perform(arrival)
        } catch {
            result = .from(error, uuid: arrival.execution.received.uuid)
        }
        return Dispatch(arrival.execution, result, arrival.refusal)
    }

    /// Takes a message through the middleware to its entrypoint.
    private nonisolated func pass(_ invocation: Invocation) async -> Dispatch {
        let reached = Reached()
        let result: ExecutionResult
        do {
            result = try await next(0, reached)(invocation)
        } catch {
            result = .from(error, uuid: invocation.message.uuid)
        }
        // The message as it came, whatever the middleware passed on, with what the run changed in it.
        let arrival = makeArrival(invocation.message, invocation.record, invocation.attempt)
        if let last = reached.last, last.refusal == nil { arrival.execution.takeChanges(of: last.execution) }
        return Dispatch(arrival.execution, result, reached.last?.refusal)
    }

    private nonisolated func next(_ index: Int, _ reached: Reached) -> Middleware.Next {
        guard index < middleware.count else {
            return { invocation in
                let arrival = self.makeArrival(invocation.message, invocation.record, invocation.attempt)
                reached.last = arrival
                return try await self.perform(arrival)
            }
        }
        return { invocation in
            try await self.middleware[index].handle(invocation, next: self.next(index + 1, reached))
        }
    }

    private nonisolated func perform(_ arrival: Arrival) async throws -> ExecutionResult {
        guard let entrypoint = arrival.entrypoint else { throw unknownEntrypoint(arrival.execution.received) }
        return try await entrypoint.perform(arrival.execution, nil)
    }

    private nonisolated func makeArrival(_ message: consuming Message, _ record: Record?, _ attempt: Int) -> Arrival {
        let entrypoint = registry.withLock { $0[message.entrypoint] }
        let path = entrypoint?.path ?? message.entrypoint
        let execution = Execution(
            of: message,
            path: path,
            isTask: entrypoint?.isTask ?? false,
            record: record,
            attempt: attempt,
            logger: logger
        )
        return Arrival(execution: execution, entrypoint: entrypoint)
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

    private nonisolated func log(_ dispatch: Dispatch) {
        let result = dispatch.result
        let level: LogLevel = result.isSuccess ? .info : .error
        logger.log(level) {
            let message = dispatch.message
            return LogRecord(
                level,
                logger: "kser.controller",
                "\(name).\(result.isSuccess ? "Success" : "Failed"): \(message?.description ?? ""): \(result)",
                kmsg: message,
                kresult: result
            )
        }
    }
}
