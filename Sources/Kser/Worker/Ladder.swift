/// Where a record stands between its first attempt and the dead-letter topic, and what comes next.
struct Ladder: Sendable {
    /// What the worker does next with a record.
    enum Step {
        /// Send and complete it.
        case settle(Boxed<Settlement>)
        /// Wait, then try it again.
        case pause(Duration)
        /// Leave it to the partition's next owner.
        case leave
    }

    let record: Record
    /// The attempt to come, or in work, counted from 1.
    private(set) var attempt: Int
    private let group: String?
    private let isSecret: Bool
    private var lineage: Lineage?
    private var retries = 0

    /// - Parameters:
    ///   - record: the record.
    ///   - options: how often it is tried, and where it goes.
    ///   - group: the consumer group.
    ///   - isSecret: whether the message comes sealed.
    init(_ record: Record, _ options: WorkerOptions, group: String?, isSecret: Bool = false) {
        self.record = record
        self.group = group
        self.isSecret = isSecret
        if options.retries == nil || record.headers.isEmpty {
            attempt = 1
        } else {
            let lineage = Lineage(record, through: options.retries?.topics)
            attempt = lineage.attempts + 1
            self.lineage = lineage
        }
    }

    /// Goes on after an attempt.
    ///
    /// - Parameters:
    ///   - outcome: the attempt's outcome; nil when the worker does not go on with the record.
    ///   - dispatch: what became of the attempt.
    ///   - options: how often it is tried, and where it goes.
    /// - Returns: what the worker does next.
    mutating func step(after outcome: Outcome?, _ dispatch: Dispatch, _ options: WorkerOptions) -> Step {
        switch outcome {
        case nil: return .leave
        case .success: return .settle(Boxed(Settlement(self, dispatch, options)))
        case .interrupted: return .pause(options.retries?.inPlace.pause(before: 1) ?? .seconds(1))
        case .deadLetter: return .settle(Boxed(giveUp(dispatch, .rejected, options)))
        case .retry:
            let rung = noteFailure(options).rung
            if let inPlace = options.retries?.inPlace, rung == 0, retries < inPlace.retries {
                retries += 1
                attempt += 1
                return .pause(inPlace.pause(before: retries))
            }
            if let topics = options.retries?.topics, let next = retry(dispatch, .nothing, options) {
                let verdict = Settlement.Verdict.retried(after: topics.delays[rung])
                return .settle(Boxed(Settlement(self, dispatch, options, verdict, parcel: next)))
            }
            return .settle(Boxed(giveUp(dispatch, .exhausted, options)))
        }
    }

    /// Makes the message a dead letter, for the reason that no handler took it or else this one.
    mutating func giveUp(
        _ dispatch: Dispatch,
        _ reason: DeadLetterReason,
        _ options: WorkerOptions
    ) -> Settlement {
        noteFailure(options)
        let reason = dispatch.refusal.map { DeadLetterReason($0) } ?? reason
        let letter = letter(dispatch, reason, record.cut, options)
        return Settlement(self, dispatch, options, .givenUp(reason), parcel: letter)
    }

    /// What comes of a message that failed, and that trying again does not mend.
    mutating func fail(_ dispatch: Dispatch, _ options: WorkerOptions) -> Settlement {
        options.outcome(of: dispatch) == .success
            ? Settlement(self, dispatch, options) : giveUp(dispatch, .rejected, options)
    }

    /// The record for the next retry topic; nil when there is none, or it is not here as a whole.
    func retry(_ dispatch: Dispatch, _ cut: Cut, _ options: WorkerOptions) -> SettlementPart? {
        guard record.cut == .nothing, let lineage, let topics = options.retries?.topics else { return nil }
        return topics.next(for: record, lineage, failure: dispatch, now: options.clock.now(), cut).map {
            SettlementPart(.retry(cut), $0, topics.producer)
        }
    }

    /// The record for the dead-letter topic; nil when there is none.
    func letter(
        _ dispatch: Dispatch,
        _ reason: DeadLetterReason,
        _ cut: Cut,
        _ options: WorkerOptions
    ) -> SettlementPart? {
        guard let lineage, let letters = options.deadLetters else { return nil }
        let letter = letters.letter(for: record, lineage, failure: dispatch, reason: reason, cut)
        return SettlementPart(.letter(cut), letter, letters.producer)
    }

    @discardableResult
    private mutating func noteFailure(_ options: WorkerOptions) -> Lineage {
        var lineage = lineage ?? Lineage(record, through: options.retries?.topics)
        lineage.attempts = attempt
        lineage.firstFailure = lineage.firstFailure ?? options.clock.now()
        lineage.group = group
        lineage.isSecret = isSecret
        self.lineage = lineage
        return lineage
    }
}
