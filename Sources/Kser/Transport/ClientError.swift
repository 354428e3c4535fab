/// What an error of a transport means for the record that was to be sent.
package enum SendVerdict: Sendable {
    /// The same record may be taken later.
    case transient
    /// The transport knows no such topic: one that was just made, or whose broker just started, comes to be known.
    case unknownTopic
    /// The record is larger than the transport or the topic takes.
    case tooLarge
    /// The record is never taken as it is.
    case refused
    /// The producer is of no further use.
    case fatal

    /// The verdict on any error. One that is no transport's may pass.
    package init(_ error: any Error) { self = (error as? any ClientError)?.verdict ?? .transient }
}

/// An error of a transport's client, which judges it: nobody else does.
package protocol ClientError: Error {
    /// What it means for what was to be sent.
    var verdict: SendVerdict { get }
    /// Whether another record for the same topic may be taken.
    var isOfRecordAlone: Bool { get }
    /// Which record of a transaction is at fault, by its place; nil when that is not known.
    var failedIndex: Int? { get }
}

extension ClientError {
    /// Whether the verdict is about the record.
    package var isOfRecordAlone: Bool {
        switch verdict {
        case .tooLarge, .refused: true
        case .transient, .unknownTopic, .fatal: false
        }
    }

    /// Nil.
    package var failedIndex: Int? { nil }
}
