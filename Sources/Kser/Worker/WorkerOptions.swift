/// Where a worker's results and refused messages go, and the like.
public struct WorkerOptions: Sendable {
    /// When a record counts as done.
    public enum Acknowledgement: Sendable {
        /// After its handler and everything it sends: at least once.
        case afterRun
        /// Committed before its handler begins, so a crash loses it: at most once, as kser's kafka-python driver does.
        case beforeRun
    }

    /// When a record counts as done; ``Acknowledgement/afterRun`` by default.
    public var acknowledgement = Acknowledgement.afterRun
    /// Where results go; nil sends none.
    public var replies: Replies?
    /// Where messages go that no handler took; nil leaves them to the log.
    public var deadLetters: DeadLetterTopic?
    /// kser's files that pause and end the worker; nil looks at none.
    public var controlFiles: ControlFiles?

    /// Makes options.
    public init(
        acknowledgement: Acknowledgement = .afterRun,
        replies: Replies? = nil,
        deadLetters: DeadLetterTopic? = nil,
        controlFiles: ControlFiles? = nil
    ) {
        self.acknowledgement = acknowledgement
        self.replies = replies
        self.deadLetters = deadLetters
        self.controlFiles = controlFiles
    }
}

/// A record, what became of it, and what was handed to producers because of it.
struct Outcome: Sendable {
    let record: Record
    let dispatch: Dispatch
    var deliveries: [Delivery]?
}

extension WorkerOptions {
    func sendsAnything(for dispatch: Dispatch) -> Bool {
        replies != nil || (dispatch.refusal != nil && deadLetters != nil)
    }

    /// Hands the dead letter and the result to their producers.
    func send(_ outcome: Outcome) async throws -> [Delivery] {
        var deliveries: [Delivery] = []
        if let refusal = outcome.dispatch.refusal, let deadLetters {
            deliveries.append(
                try await deadLetters.send(outcome.record, refusal: refusal, result: outcome.dispatch.result)
            )
        }
        if let replies { deliveries.append(try await replies.send(outcome.dispatch)) }
        return deliveries
    }
}
