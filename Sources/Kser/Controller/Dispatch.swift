/// What became of a record: its message, when it could be decoded, and its result.
public struct Dispatch: Sendable {
    /// Why a message was not handed to a handler. The set is open: a ``MessageCodec`` may give reasons of its own.
    public struct Refusal: RawRepresentable, Sendable, Hashable {
        /// The reason of the dead letter.
        public var rawValue: String

        /// Makes a refusal of the reason's text.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The value is not a message, or the controller's `onMessage` hook refused it.
        public static let undecodable = Self(rawValue: "undecodable")
        /// No entrypoint is registered under the message's name.
        public static let unknownEntrypoint = Self(rawValue: "unknown-entrypoint")
        /// The message has more bytes than are let in.
        public static let tooLarge = Self(rawValue: "too-large")
        /// The process ended too often while a handler had the message; see ``CrashLimit``.
        public static let crashed = Self(rawValue: "crashed")
    }

    /// Keeps a handler from running.
    struct Refused: Error {
        let refusal: Refusal
        let error: KserError

        init(_ refusal: Refusal, _ error: KserError) {
            self.refusal = refusal
            self.error = error
        }
    }

    /// Writes the record that is to carry a result, if any is; throws why the result cannot be written.
    typealias Writer = @Sendable (Dispatch) throws -> ProducerRecord?

    private struct Content: Sendable {
        var result: ExecutionResult
        var refusal: Refusal?
        var sent: [ProducerRecord] = []
        var reply: ProducerRecord?
        var step: OperationStep?
        var duplicate: Deduplicator.Duplicate?
        /// Nil when the message could not be decoded.
        let execution: Execution?
    }

    private var content: Boxed<Content>

    init(_ execution: Execution?, _ result: ExecutionResult, _ refusal: Refusal?, step: OperationStep? = nil) {
        content = Boxed(Content(result: result, refusal: refusal, step: step, execution: execution))
    }

    init(_ execution: Execution, _ duplicate: Deduplicator.Duplicate) {
        let result = ExecutionResult(uuid: execution.uuid)
        content = Boxed(Content(result: result, duplicate: duplicate, execution: execution))
    }

    private mutating func change(_ change: (inout Content) -> Void) {
        var changed = content.value
        change(&changed)
        content = Boxed(changed)
    }

    /// The outcome for the sender.
    public var result: ExecutionResult {
        get { content.value.result }
        set { change { $0.result = newValue } }
    }

    /// Why no handler ran; nil when one did.
    public var refusal: Refusal? {
        get { content.value.refusal }
        set { change { $0.refusal = newValue } }
    }

    /// What the handler sent through the transactions of a worker.
    var sent: [ProducerRecord] {
        get { content.value.sent }
        set { change { $0.sent = newValue } }
    }

    /// The record that answers the message, when the worker asked for it.
    var reply: ProducerRecord? {
        get { content.value.reply }
        set { change { $0.reply = newValue } }
    }

    /// What the message was to an operation that runs across machines; nil for all others.
    var step: OperationStep? {
        get { content.value.step }
        set { change { $0.step = newValue } }
    }

    /// Why no handler ran, when the message is a duplicate.
    var duplicate: Deduplicator.Duplicate? { content.value.duplicate }

    private var execution: Execution? { content.value.execution }

    /// Makes the result a failure: what was to go with it is dropped.
    mutating func fail(_ error: KserError) {
        let result = ExecutionResult.from(error, uuid: message?.uuid)
        change { content in
            content.result = result
            content.sent = []
            content.reply = nil
        }
    }

    /// Whether the result is that of a cancelled task: ``KserError/Kind/cancelled``.
    public var isCancelled: Bool {
        result.retcode == KserError.Kind.cancelled.code
            && result.retval["error"]?["msgid"]?.string == KserError.Kind.cancelled.msgid
    }

    /// The error that was thrown, with its type and its cause; nil when nothing was, or not here.
    public var error: (any Error)? { result.error ?? execution?.error }

    /// The message, with what the run changed in it; nil when it could not be decoded.
    public var message: Message? { execution?.received }

    /// Headers for the record that answers the message.
    func replyHeaders(besideSealed isSealed: Bool) -> [Record.Header] {
        guard let execution, execution.observer != nil else { return [] }
        return execution.replyHeaders?(isSealed) ?? []
    }
}
