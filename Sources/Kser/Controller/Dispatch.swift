/// What became of a record: its message, when it could be decoded, and its result.
public struct Dispatch: Sendable {
    /// Why a message was not handed to a handler.
    public enum Refusal: String, Sendable {
        /// The value is not a message, or the controller's `onMessage` hook refused it.
        case undecodable
        /// No entrypoint is registered under the message's name.
        case unknownEntrypoint = "unknown-entrypoint"
    }

    /// The outcome for the sender.
    public var result: ExecutionResult
    /// Why no handler ran; nil when one did.
    public var refusal: Refusal?

    /// Why no handler ran, when the message is a duplicate.
    var duplicate: Deduplicator.Duplicate?

    /// Nil when the message could not be decoded.
    private let execution: Execution?

    init(_ execution: Execution?, _ result: ExecutionResult, _ refusal: Refusal?) {
        self.execution = execution
        self.result = result
        self.refusal = refusal
    }

    init(_ execution: Execution, _ duplicate: Deduplicator.Duplicate) {
        self.init(execution, ExecutionResult(uuid: execution.uuid), nil)
        self.duplicate = duplicate
    }

    /// Whether the result is that of a cancelled task: ``KserError/Kind/cancelled``.
    public var isCancelled: Bool {
        result.retcode == KserError.Kind.cancelled.code
            && result.retval["error"]?["msgid"]?.string == KserError.Kind.cancelled.msgid
    }

    /// The message, with what the run changed in it; nil when it could not be decoded.
    public var message: Message? { execution?.received }
}
