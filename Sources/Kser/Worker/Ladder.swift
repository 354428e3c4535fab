/// Where a record stands between its first attempt and the dead-letter topic, and what comes next.
struct Ladder {
    /// What the worker does next with a record.
    enum Step {
        /// Send and complete it.
        case settle(Settlement)
        /// Wait, then try it again.
        case pause(Duration)
        /// Leave it to the partition's next owner.
        case leave
    }

    /// The attempt to come, or in work, counted from 1.
    private(set) var attempt: Int
    private let record: Record
    private let options: WorkerOptions
    private let group: String?
    private var lineage: Lineage?
    private var retries = 0

    init(_ record: Record, _ options: WorkerOptions, group: String?) {
        self.record = record
        self.options = options
        self.group = group
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
    /// - Returns: what the worker does next.
    mutating func step(after outcome: Outcome?, _ dispatch: Dispatch) -> Step {
        switch outcome {
        case nil: return .leave
        case .success: return .settle(Settlement(record, dispatch, replies: options.replies))
        case .interrupted: return .pause(options.retries?.inPlace.pause(before: 1) ?? .seconds(1))
        case .deadLetter:
            noteFailure()
            return .settle(giveUp(dispatch, dispatch.refusal.map { DeadLetterReason($0) } ?? .rejected))
        case .retry:
            let lineage = noteFailure()
            if let inPlace = options.retries?.inPlace, lineage.rung == 0, retries < inPlace.retries {
                retries += 1
                attempt += 1
                return .pause(inPlace.pause(before: retries))
            }
            if let topics = options.retries?.topics,
                let next = topics.next(for: record, lineage, failure: dispatch, now: options.clock.now())
            {
                let tier = "\(topics.delays[lineage.rung].milliseconds)"
                let parcel = Settlement.Parcel(record: next, producer: topics.producer)
                return .settle(Settlement(record, dispatch, .retried(tier: tier), parcel: parcel))
            }
            return .settle(giveUp(dispatch, dispatch.refusal.map { DeadLetterReason($0) } ?? .exhausted))
        }
    }

    @discardableResult
    private mutating func noteFailure() -> Lineage {
        var lineage = lineage ?? Lineage(record, through: options.retries?.topics)
        lineage.attempts = attempt
        lineage.firstFailure = lineage.firstFailure ?? options.clock.now()
        lineage.group = group
        self.lineage = lineage
        return lineage
    }

    private func giveUp(_ dispatch: Dispatch, _ reason: DeadLetterReason) -> Settlement {
        guard let deadLetters = options.deadLetters, let lineage else {
            return Settlement(record, dispatch, .givenUp(reason), replies: options.replies)
        }
        let letter = deadLetters.letter(for: record, lineage, failure: dispatch, reason: reason)
        return Settlement(
            record,
            dispatch,
            .givenUp(reason),
            parcel: .init(record: letter, producer: deadLetters.producer),
            replies: options.replies
        )
    }
}
