/// What is to become of a record after its message was dispatched.
public enum Outcome: Sendable, Hashable {
    /// It is done: its result is replied and its offset may be committed. A failed result may be done too.
    case success
    /// It is tried again, as the worker's ``RetryPolicy`` says; at the end of that it is a dead letter.
    case retry
    /// It goes to the dead-letter topic, and its result is replied.
    case deadLetter
    /// It was not finished, and that is nobody's fault: no attempt is used and its offset is not committed. A worker that
    /// keeps the partition runs it again after a pause, else the partition's next owner gets it.
    case interrupted
}

/// Chooses the ``Outcome`` of each dispatched message.
///
///     let classifier = OutcomeClassifier { dispatch in
///         dispatch.result.retcode == 429 ? .retry : OutcomeClassifier.byCode(dispatch)
///     }
///
/// The error itself, with its type and its cause, is `dispatch.error`.
///
/// A worker asks it only about what ran to its end. What fails because the worker is cancelled or shut down, or because
/// its partition was taken away, is ``Outcome/interrupted`` without asking.
public struct OutcomeClassifier: Sendable {
    private let classify: @Sendable (Dispatch) -> Outcome

    /// Makes a classifier of a closure.
    public init(_ classify: @escaping @Sendable (Dispatch) -> Outcome) { self.classify = classify }

    /// The outcome of a dispatch.
    public func callAsFunction(_ dispatch: Dispatch) -> Outcome { classify(dispatch) }

    /// kser's way, and what holds without a ``RetryPolicy``: a task that failed is answered and done. Only messages that no
    /// handler took are dead letters.
    public static let answered = OutcomeClassifier { $0.refusal == nil ? .success : .deadLetter }

    /// What holds with a ``RetryPolicy``: by the result's `retcode`.
    ///
    /// | result | outcome |
    /// |---|---|
    /// | below 300 | ``Outcome/success`` |
    /// | no handler took the message | ``Outcome/deadLetter`` |
    /// | its entrypoint is not registered: another worker may have it, or this one's next release | ``Outcome/retry`` |
    /// | cancelled, see ``Cancellations`` | ``Outcome/success`` |
    /// | 400 to 499 and 501: trying again gives the same | ``Outcome/deadLetter`` |
    /// | 408, 425, 429, and all else, such as internal errors and time limits (504) | ``Outcome/retry`` |
    public static let byCode = OutcomeClassifier { dispatch in
        if dispatch.refusal == .unknownEntrypoint { return .retry }
        if dispatch.refusal != nil { return .deadLetter }
        switch dispatch.result.retcode {
        case ..<300: return .success
        case 499 where dispatch.isCancelled: return .success
        case 408, 425, 429: return .retry
        case 400..<500, 501: return .deadLetter
        default: return .retry
        }
    }
}
