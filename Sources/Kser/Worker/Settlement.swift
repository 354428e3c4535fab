/// What has to be sent and acknowledged before a record is completed: one list, each part of it with its own delivery.
struct Settlement: Sendable {
    /// What the settlement means for the message.
    enum Verdict: Sendable {
        case done
        /// It is tried again after the retry topic's delay.
        case retried(after: Duration)
        case givenUp(DeadLetterReason)

        var isFinal: Bool { if case .retried = self { false } else { true } }
    }

    /// A part that was not delivered.
    struct Failure: Error {
        let error: any Error
        let verdict: SendVerdict
        /// Which one; nil when that is not known, or the parts themselves are not.
        let part: Int?
        /// Whether the record alone is to blame: a broker refuses those too that were in one batch with it.
        let isCertain: Bool

        init(_ error: any Error, _ verdict: SendVerdict? = nil, of part: Int?, isCertain: Bool = true) {
            self.error = error
            self.verdict = verdict ?? SendVerdict(error)
            self.part = part
            self.isCertain = isCertain
        }
    }

    var ladder: Ladder
    var dispatch: Dispatch
    let verdict: Verdict
    var parts: [SettlementPart] = []
    /// Whether the step of an operation that the result ends is still to be concluded.
    var owesStep: Bool
    /// How often sending failed in a row in the same way, and how long was waited in between.
    var failures = 0
    var waited = Duration.zero
    var lastVerdict: SendVerdict?

    var record: Record { ladder.record }
    var isEmpty: Bool { parts.isEmpty && !owesStep }
    /// What goes to a retry topic or the dead-letter topic.
    var parcel: SettlementPart? { parts.first(where: \.isParcel) }
    /// Whether the message was handled with success.
    var isDone: Bool { if case .done = verdict { dispatch.result.isSuccess } else { false } }

    init(
        _ ladder: Ladder,
        _ dispatch: Dispatch,
        _ options: WorkerOptions,
        _ verdict: Verdict = .done,
        parcel: SettlementPart? = nil
    ) {
        self.ladder = ladder
        self.dispatch = dispatch
        self.verdict = verdict
        owesStep = dispatch.step != nil
        for record in dispatch.sent { parts.append(SettlementPart(.sent, record, nil)) }
        if let parcel { parts.append(parcel) }
        if verdict.isFinal, dispatch.step?.isReplied != false, let replies = options.replies {
            parts.append(.reply(of: dispatch, to: replies))
        }
    }

    /// Tells what became of the message, once that is acknowledged.
    func report(to monitor: (any KserMonitor)?) {
        guard let monitor else { return }
        switch verdict {
        case .done: break
        case .retried(let delay):
            monitor.messageRetried(record, dispatch, tier: "\(delay.milliseconds)")
        case .givenUp(let reason): monitor.messageGivenUp(record, dispatch, reason: reason)
        }
    }
}

extension Settlement {
    /// Everything that is to be sent, for a transaction.
    var records: [ProducerRecord] { parts.compactMap { try? $0.record.get() } }

    /// Makes the list complete: what an operation sends next is known once its store has the result.
    mutating func complete() async throws(Failure) {
        if owesStep, let step = dispatch.step {
            let next: [OperationStep.Next]
            do { next = try await conclude(step) } catch { throw Failure(error, of: nil) }
            let tasks = next.map { SettlementPart(.task($0.task), $0.record, step.cluster.producer) }
            parts.insert(contentsOf: tasks.filter { task in !parts.contains { $0.isSame(as: task) } }, at: 0)
            owesStep = false
        }
        for (index, part) in parts.enumerated() {
            do { _ = try part.record.get() } catch { throw Failure(error, .refused, of: index) }
        }
    }

    /// Ends the step, or leaves it to a retry topic. When another attempt has the task, nothing of this one is sent.
    private mutating func conclude(_ step: OperationStep) async throws -> [OperationStep.Next] {
        if case .retried(let delay) = verdict {
            if try await !step.handOver(after: delay) { parts = [] }
            return []
        }
        switch try await step.conclude(dispatch) {
        case .next(let next): return next
        case .superseded:
            parts = []
            return []
        }
    }

    /// Hands what is not on its way yet to its producers, in order.
    mutating func send() async throws(Failure) {
        try await complete()
        for index in parts.indices {
            do { try await parts[index].send() } catch { throw Failure(error, of: index) }
        }
    }

    /// Waits until everything is delivered. A part that is not is to be sent again, and no other.
    mutating func delivered() async throws(Failure) {
        for index in parts.indices {
            do { try await parts[index].delivered() } catch { throw Failure(error, of: index, isCertain: false) }
        }
    }
}
