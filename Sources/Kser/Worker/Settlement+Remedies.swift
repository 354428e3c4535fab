// What is done when a part of a settlement is not delivered.
extension Settlement {
    enum Remedy {
        /// The same is sent again.
        case again(after: Duration)
        /// Something else is sent in its place.
        case changed
        /// Nothing is: the worker ends.
        case end(any Error)
    }

    /// How long a topic that is not there is waited for.
    private static let patience = Duration.seconds(30)

    /// Works out what is to be done, and changes what is sent accordingly.
    mutating func remedy(for failure: Failure, _ options: WorkerOptions) async -> Remedy {
        if failure.verdict != lastVerdict { (failures, waited, lastVerdict) = (0, .zero, failure.verdict) }
        switch failure.verdict {
        case .transient: return again()
        case .unknownTopic where waited < Self.patience: return again()
        // Not at the same time as what it was in one batch with.
        case .tooLarge where !failure.isCertain && failures < 3: return again(by: .random(in: 0.5...1.5))
        case .fatal: return .end(failure.error)
        case .unknownTopic, .tooLarge, .refused: break
        }
        do {
            guard try await change(failure, options) else { return .end(unsendable(failure)) }
            lastVerdict = nil
            return .changed
        } catch {
            return again()
        }
    }

    private mutating func again(by factor: Double = 1) -> Remedy {
        let pause = min(.milliseconds(100) * (1 << min(failures, 7)), .seconds(10)) * factor
        failures += 1
        waited += pause
        return .again(after: pause)
    }

    /// Changes what is sent.
    ///
    /// - Returns: false when nothing else would do.
    /// - Throws: why the store of an operation could not be asked.
    private mutating func change(_ failure: Failure, _ options: WorkerOptions) async throws -> Bool {
        if owesStep, failure.part == nil, failure.error is StoreError { return leaveStep(failure, options) }
        if let index = failure.part, parts.indices.contains(index) {
            return try await change(index, failure, options)
        }
        for index in parts.indices.reversed() where try await change(index, failure, options) { return true }
        return false
    }

    /// Makes a message a dead letter whose operation's store refuses what came of it, and always will.
    private mutating func leaveStep(_ failure: Failure, _ options: WorkerOptions) -> Bool {
        dispatch.fail(KserError(converting: failure.error))
        dispatch.step = nil
        self = ladder.giveUp(dispatch, .rejected, options)
        return true
    }

    private mutating func change(_ index: Int, _ failure: Failure, _ options: WorkerOptions) async throws -> Bool {
        let size = (try? parts[index].record.get().size) ?? 0
        let reason = "\(parts[index].name) of \(size) bytes was not taken: \(failure.error)"
        switch parts[index].kind {
        case .task(let uuid):
            try await dispatch.step?.refuse(uuid, .io(reason.bounded))
            parts.removeAll { part in if case .task = part.kind { !part.isDelivered } else { false } }
            owesStep = true
        case .sent:
            // The handler's failure, of a kind that trying again does not mend.
            dispatch.fail(.io(reason.bounded))
            self = ladder.fail(dispatch, options)
        case .retry(let cut) where failure.verdict == .tooLarge:
            if cut == .nothing, let retry = ladder.retry(dispatch, .errorText, options) {
                parts[index] = retry
            } else {
                self = ladder.giveUp(dispatch, .tooLarge, options)
            }
        case .letter(let cut) where failure.verdict == .tooLarge:
            guard case .givenUp(let reason) = verdict, let next = cut.next,
                let letter = ladder.letter(dispatch, reason, next, options)
            else { return false }
            parts[index] = letter
        case .reply(isSmall: false) where failure.verdict == .tooLarge:
            guard let replies = options.replies else { return false }
            parts[index] = .smallReply(of: dispatch, to: replies, because: reason)
        case .retry, .letter, .reply: return false
        }
        return true
    }

    /// The error that ends the worker.
    private func unsendable(_ failure: Failure) -> KserError {
        let part = failure.part.map { parts[$0].name } ?? "what came"
        var extra: JSONObject = [
            "topic": .string(record.topic), "partition": .integer(Int64(record.partition)),
            "offset": .integer(record.offset),
        ]
        if let message = dispatch.message {
            extra["uuid"] = .string(message.uuid.bounded)
            extra["entrypoint"] = .string(message.entrypoint.bounded)
        }
        let text = "\(part) of \(record.position) cannot be sent, so the worker ends: \(failure.error)"
        return KserError(.io, text.bounded, extra: extra, cause: failure.error)
    }
}

extension Settlement.Remedy {
    /// Tells what is done.
    func report(
        _ settlement: Settlement,
        _ failure: Settlement.Failure,
        to logger: KserLogger,
        _ monitor: (any KserMonitor)?
    ) {
        let text =
            switch self {
            case .again: "not sent, trying again"
            case .changed: "not taken, something else is sent"
            case .end: "not sent"
            }
        logger.consumer(.error, "outcome of \(settlement.record.position) \(text): \(failure.error)")
        if case .again = self { return }
        monitor?.outcomeRefused(settlement.record, settlement.dispatch, failure.error)
    }
}

extension SettlementPart {
    /// What it is, for people.
    fileprivate var name: String {
        switch kind {
        case .task: "the message of the next task"
        case .sent: "a record that the handler sent"
        case .retry: "the retry"
        case .letter: "the dead letter"
        case .reply: "the reply"
        }
    }
}

extension ProducerRecord {
    /// How many bytes of the application's it has.
    var size: Int {
        headers.reduce((key?.count ?? 0) + (value?.count ?? 0)) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) }
    }
}
