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

    /// What the message is taken from when it is asked for.
    private enum Source {
        case nothing
        case message(Message)
        case execution(Execution)
    }

    private let source: Source

    init(_ execution: Execution?, _ result: ExecutionResult, _ refusal: Refusal?) {
        source = execution.map(Source.execution) ?? .nothing
        self.result = result
        self.refusal = refusal
    }

    /// Makes one, for tests of an ``OutcomeClassifier``.
    public init(message: Message?, result: ExecutionResult, refusal: Refusal? = nil) {
        source = message.map(Source.message) ?? .nothing
        self.result = result
        self.refusal = refusal
    }

    /// The message, with what the run changed in it; nil when it could not be decoded.
    public var message: Message? {
        switch source {
        case .nothing: nil
        case .message(let message): message
        case .execution(let execution): execution.received
        }
    }
}
