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
        do {
            return await dispatch(try await receive(bytes, of: nil)).result
        } catch {
            return refuse(bytes, nil, error).result
        }
    }

    /// Runs the message in this text; whatever happens becomes the result.
    public nonisolated func run(_ text: String) async -> ExecutionResult { await run(Array(text.utf8)) }

    /// Runs a message; whatever happens becomes the result.
    public nonisolated func run(_ message: Message) async -> ExecutionResult {
        await dispatch(makeArrival(message, record: nil, attempt: 1)).result
    }

    /// Runs the message in a record and tells what became of it.
    @inline(never)
    public nonisolated func dispatch(_ record: Record, attempt: Int = 1) async -> Dispatch {
        switch await receive(record, attempt) {
        case .arrived(let arrival): await dispatch(arrival)
        case .refused(let dispatch): dispatch
        }
    }

    /// Runs the message in a record as far as the supervision lets it, a task of an operation as the cluster's store allows.
    @inline(never)
    nonisolated func dispatch(
        _ record: Record,
        attempt: Int,
        in cluster: OperationCluster?,
        under terms: Arrival.Terms?
    ) async -> Dispatch {
        switch await receive(record, attempt) {
        case .arrived(var arrival):
            arrival.terms = terms
            if let cluster, let ticket = OperationTicket(arrival.execution.received) {
                // The store tells copies of a task apart, and what a copy owes.
                return await cluster.dispatch(arrival, ticket, record, on: self)
            }
            if let duplicate = await terms?.supervision?.duplicate(arrival.execution) {
                return Dispatch(arrival.execution, duplicate)
            }
            return await dispatch(arrival)
        case .refused(let dispatch): return dispatch
        }
    }

    /// What a record is before anything is run for it.
    private enum Reception {
        case arrived(Arrival)
        case refused(Dispatch)
    }

    @inline(__always)
    private nonisolated func receive(_ record: Record, _ attempt: Int) async -> Reception {
        hooks.onMessage == nil ? receiveAtOnce(record, attempt) : await receiveThroughHook(record, attempt)
    }

    // Not inlined: what it needs on the way to the handler would stay in the frame of its caller while the handler runs.
    @inline(never)
    private nonisolated func receiveAtOnce(_ record: Record, _ attempt: Int) -> Reception {
        do {
            let value = try record.valueOrRefusal()
            return .arrived(makeArrival(try decode(value, of: record), record: record, attempt: attempt))
        } catch {
            return .refused(refuse(record.value ?? [], record, error))
        }
    }

    @inline(never)
    private nonisolated func receiveThroughHook(_ record: Record, _ attempt: Int) async -> Reception {
        do {
            return .arrived(try await receive(record.valueOrRefusal(), of: record, attempt: attempt))
        } catch {
            return .refused(refuse(record.value ?? [], record, error))
        }
    }

    /// Decodes a message, as the application's hook lets it through.
    private nonisolated func receive(_ bytes: [UInt8], of record: Record?, attempt: Int = 1) async throws -> Arrival {
        let message = try decode(bytes, of: record)
        guard let onMessage = hooks.onMessage else { return makeArrival(message, record: record, attempt: attempt) }
        return makeArrival(try await onMessage(message), record: record, attempt: attempt)
    }

    @inline(__always)
    private nonisolated func decode(_ bytes: [UInt8], of record: Record?) throws -> Message {
        logger.log(.debug) {
            let text = logger.logsRefusedContent ? String(decoding: bytes, as: UTF8.self) : Self.outline(bytes)
            return LogRecord(.debug, logger: "kser.controller", "\(name).ReceivedFromKafka: \(text)")
        }
        let message =
            if let record { try codec.decode(bytes, of: record) } else { try codec.decode(bytes) }
        logger.log(.debug) {
            LogRecord(.debug, logger: "kser.controller", "\(name).ReceivedMessage \(message)", kmsg: message)
        }
        return message
    }

    private nonisolated func refuse(_ bytes: [UInt8], _ record: Record?, _ error: any Error) -> Dispatch {
        monitor?.messageRefused(record, error)
        let known = KserError(converting: error)
        logger.log(.error) {
            var metadata: [String: String] = [:]
            if let record {
                metadata["topic"] = record.topic
                metadata["partition"] = "\(record.partition)"
                metadata["offset"] = "\(record.offset)"
            }
            if logger.logsRefusedContent { metadata["kafka_raw_data"] = String(decoding: bytes, as: UTF8.self) }
            let failure =
                logger.logsRefusedContent
                ? codec.importFailure(error, of: bytes) : "\(known) <- \(Self.outline(bytes))"
            return LogRecord(
                .error,
                logger: "kser.controller",
                "\(name).ImportError: Failed to load data from kafka: \(failure)",
                error: known.json,
                metadata: metadata
            )
        }
        return Dispatch(nil, .from(known), codec.refusal(of: error))
    }

    /// What tells bytes apart in a log that may not hold them.
    private static func outline(_ bytes: [UInt8]) -> String {
        "\(bytes.count) bytes, hash \(KeyedHash(key: (0, 0)).text(of: bytes))"
    }

    /// Runs a message, through the middleware when there is some, and concludes.
    @inline(__always)
    nonisolated func dispatch(_ arrival: Arrival) async -> Dispatch {
        if monitor == nil, observer == nil { return await settle(arrival) }
        return await watch(arrival)
    }

    /// Runs a message under the eyes of the monitor and the observer.
    @inline(never)
    private nonisolated func watch(_ arrival: Arrival) async -> Dispatch {
        guard let monitor else { return await observe(arrival) }
        monitor.messageBegan(arrival.execution, entrypoint: arrival.entrypoint?.path)
        let start = ContinuousClock.now
        let dispatch = await observe(arrival)
        let duration = start.duration(to: .now)
        monitor.messageEnded(arrival.execution, entrypoint: arrival.entrypoint?.path, dispatch, after: duration)
        return dispatch
    }

    @inline(__always)
    private nonisolated func observe(_ arrival: Arrival) async -> Dispatch {
        guard let observer else { return await settle(arrival) }
        return await observer.observeArrival(of: arrival.execution) { await settle(arrival) }
    }

    // Not inlined, as all that has frames of its own, which last no longer than they are needed.
    @inline(never)
    private nonisolated func settle(_ arrival: Arrival) async -> Dispatch {
        var dispatch = middleware.isEmpty ? await attempt(arrival) : await pass(arrival)
        // Most messages end here, where there is nothing to tell anybody.
        if !dispatch.result.isSuccess || hooks.onSuccess != nil || logger.isEnabled(.info) {
            dispatch = await conclude(dispatch)
        }
        guard let writer = arrival.terms?.writer, dispatch.result.isSuccess else { return dispatch }
        return write(dispatch, writer)
    }

    /// Writes the result of a message: one that cannot be written is the handler's failure.
    @inline(never)
    private nonisolated func write(_ dispatch: Dispatch, _ writer: Dispatch.Writer) -> Dispatch {
        var dispatch = dispatch
        do {
            dispatch.reply = try writer(dispatch)
        } catch {
            dispatch.fail(KserError(converting: error))
            log(dispatch)
        }
        return dispatch
    }

    @inline(__always)
    private nonisolated func attempt(_ arrival: Arrival) async -> Dispatch {
        do {
            return Dispatch(arrival.execution, try await perform(arrival), nil)
        } catch {
            return arrival.failure(error)
        }
    }

    /// Logs what became of a message and hands it to the application's hook; one that throws makes it a failure.
    @inline(never)
    private nonisolated func conclude(_ dispatch: Dispatch) async -> Dispatch {
        log(dispatch)
        let hook = dispatch.result.isSuccess ? hooks.onSuccess : hooks.onError
        guard let hook, let message = dispatch.message else { return dispatch }
        var dispatch = dispatch
        do {
            dispatch.result = try await hook(message, dispatch.result)
        } catch {
            dispatch.result += .from(error, uuid: message.uuid)
            log(dispatch)
        }
        return dispatch
    }

    /// Takes a message through the middleware to its entrypoint.
    @inline(never)
    private nonisolated func pass(_ arrival: Arrival) async -> Dispatch {
        let reached = Reached(of: arrival)
        var dispatch: Dispatch
        do {
            dispatch = Dispatch(arrival.execution, try await next(0, reached)(arrival.invocation), nil)
        } catch {
            dispatch = arrival.failure(error)
        }
        // The message as it came, whatever the middleware passed on, with what the run changed in it.
        if let last = reached.last, last.refusal == nil { arrival.execution.takeChanges(of: last.execution) }
        dispatch.refusal = reached.last?.refusal ?? reached.refusal
        return dispatch
    }

    private nonisolated func next(_ index: Int, _ reached: Reached) -> Middleware.Next {
        guard index < middleware.count else {
            return { [self] invocation in
                var arrival = makeArrival(invocation.message, record: invocation.record, attempt: invocation.attempt)
                arrival.terms = reached.terms
                reached.last = arrival
                do { return try await perform(arrival) } catch let refused as Dispatch.Refused {
                    reached.refusal = refused.refusal
                    throw refused.error
                }
            }
        }
        return { [self] invocation in
            try await middleware[index].handle(invocation, next: next(index + 1, reached))
        }
    }

    @inline(__always)
    private nonisolated func perform(_ arrival: Arrival) async throws -> ExecutionResult {
        guard let entrypoint = arrival.entrypoint else { throw unknownEntrypoint(arrival.execution.received) }
        guard let terms = arrival.terms else { return try await entrypoint.perform(arrival.execution, nil) }
        return try await terms.perform(entrypoint, arrival.execution)
    }

    /// The operation that is registered under its path.
    nonisolated func operation(at path: String) -> (any OperationEntrypoint)? {
        registry.withLock { $0[path]?.operation }
    }

    @inline(__always)
    private nonisolated func makeArrival(_ message: consuming Message, record: Record?, attempt: Int) -> Arrival {
        let entrypoint = registry.withLock { $0[message.entrypoint] }
        let path = entrypoint?.path ?? message.entrypoint
        let execution = Execution(
            of: message,
            path: path,
            isTask: entrypoint?.isTask ?? false,
            record: record,
            attempt: attempt,
            dateStrategy: entrypoint?.dateStrategy,
            commonDateStrategy: dateStrategy,
            logger: logger,
            monitor: monitor,
            observer: observer
        )
        return Arrival(execution: execution, entrypoint: entrypoint)
    }

    @inline(never)
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
        let isSuccess = dispatch.result.isSuccess
        let level: LogLevel = isSuccess ? .info : dispatch.isCancelled ? .warning : .error
        logger.log(level) {
            let message = dispatch.message
            return LogRecord(
                level,
                logger: "kser.controller",
                "\(name).\(isSuccess ? "Success" : "Failed"): \(message?.description ?? ""): \(dispatch.result)",
                kmsg: message,
                kresult: dispatch.result
            )
        }
    }
}
