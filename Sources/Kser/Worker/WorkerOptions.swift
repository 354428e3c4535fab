/// Where a worker's results and dead letters go, when it tries again, and the like.
public struct WorkerOptions: Sendable {
    /// When a record counts as done.
    public enum Acknowledgement: Sendable {
        /// After its handler and everything it sends: at least once.
        case afterRun
        /// Committed before its handler begins, so a crash loses it: at most once, as kser's kafka-python driver does. For
        /// ``Concurrency/partition`` only, without ``WorkerOptions/transactions`` and ``WorkerOptions/operations``. A commit
        /// that is refused is tried again before the handler runs.
        case beforeRun
    }

    /// When a record counts as done; ``Acknowledgement/afterRun`` by default.
    public var acknowledgement = Acknowledgement.afterRun
    /// Where results go; nil sends none.
    public var replies: Replies?
    /// Where messages go that are given up; nil leaves them to the log.
    public var deadLetters: DeadLetterTopic?
    /// How often and when failed messages are tried again; nil, the default, answers them as kser does.
    public var retries: RetryPolicy?
    /// What becomes of each message; nil is ``OutcomeClassifier/byCode`` with ``retries`` and
    /// ``OutcomeClassifier/answered`` without.
    public var classifier: OutcomeClassifier?
    /// Commits all that comes of messages together with their offsets; nil, the default, is at least once.
    public var transactions: Transactions?
    /// The operations that the worker runs tasks of; nil runs their messages as any other.
    public var operations: OperationCluster?
    /// Remembers what was handled, so that messages that come again are passed over; nil, the default, runs them again.
    public var deduplication: (any DeduplicationWindow)?
    /// Lets tasks be cancelled by uuid from any machine; nil, the default, does not.
    public var cancellations: Cancellations?
    /// How many records of a partition may be begun from the lowest one that is not done: behind one that is stuck the
    /// partition waits then. A crash has that many delivered again at most. At least twice the limit of the
    /// ``Concurrency``; 10,000 by default.
    public var maxUncommitted = 10_000
    /// Whether replies, tasks of operations and records of transactions may go out in clear although the controller's codec
    /// seals; default false: a worker with such producers does not start.
    public var answersInClear = false
    /// kser's files that pause and end the worker; nil looks at none.
    public var controlFiles: ControlFiles?
    /// The clock of retries and transactions; the system's by default.
    public var clock = WorkerClock.system
    /// Which signals shut the worker down while it runs, as ``Worker/shutdown()`` does; SIGTERM and SIGINT by default.
    /// A second one ends ``Worker/run()`` at once; when that returns they do again what they did before. Give none when
    /// something else in the process watches signals and calls ``Worker/shutdown()``.
    public var shutdownSignals: Set<ShutdownSignal>
    /// How long after a shutdown began ``Worker/run()`` ends at the latest, whatever it waits for; default 10 minutes. Nil
    /// lets it wait as long as it takes. Make it longer than the consumer's drain deadline, and shorter than the time that
    /// a service manager waits until it kills the process.
    public var hardTimeout: Duration? = .seconds(600)

    /// Makes options.
    public init(
        acknowledgement: Acknowledgement = .afterRun,
        replies: Replies? = nil,
        deadLetters: DeadLetterTopic? = nil,
        retries: RetryPolicy? = nil,
        classifier: OutcomeClassifier? = nil,
        transactions: Transactions? = nil,
        operations: OperationCluster? = nil,
        deduplication: (any DeduplicationWindow)? = nil,
        cancellations: Cancellations? = nil,
        controlFiles: ControlFiles? = nil,
        shutdownSignals: Set<ShutdownSignal> = [.terminate, .interrupt]
    ) {
        self.acknowledgement = acknowledgement
        self.replies = replies
        self.deadLetters = deadLetters
        self.retries = retries
        self.classifier = classifier
        self.transactions = transactions
        self.operations = operations
        self.deduplication = deduplication
        self.cancellations = cancellations
        self.controlFiles = controlFiles
        self.shutdownSignals = shutdownSignals
    }
}

extension WorkerOptions {
    /// Refuses options that do not go together.
    ///
    /// - Throws: ``KserError`` of kind `configuration` that says what to do.
    func check(with concurrency: Concurrency, _ codec: any MessageCodec) throws {
        if codec.isSealing, !answersInClear { try checkSealing() }
        if acknowledgement == .afterRun { return }
        if concurrency != .partition {
            throw KserError.configuration(
                "Acknowledgement .beforeRun commits one record after the other: set concurrency to .partition"
            )
        }
        if transactions != nil {
            throw KserError.configuration(
                "Transactions commit messages with what comes of them: set acknowledgement to .afterRun"
            )
        }
        if operations != nil {
            throw KserError.configuration(
                "A task that is lost would hold its operation up: set acknowledgement to .afterRun"
            )
        }
    }

    private func checkSealing() throws {
        let codecs = [
            ("replies", replies?.producer.codec), ("operations", operations?.producer.codec),
            ("transactions", transactions?.producer.codec),
        ]
        for case (let name, let codec?) in codecs where !codec.isSealing {
            throw KserError.configuration(
                "Messages come sealed, and the producer of \(name) writes in clear: give it a codec that seals, "
                    + "or set answersInClear"
            )
        }
    }

    /// What is to become of a message that ran to its end.
    func outcome(of dispatch: Dispatch) -> Outcome {
        if let classifier { return classifier(dispatch) }
        return (retries == nil ? OutcomeClassifier.answered : OutcomeClassifier.byCode)(dispatch)
    }
}
