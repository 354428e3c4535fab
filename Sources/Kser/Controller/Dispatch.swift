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

    /// The outcome for the sender.
    public var result: ExecutionResult
    /// Why no handler ran; nil when one did.
    public var refusal: Refusal?

    /// What the handler sent through the transactions of a worker.
    var sent: [ProducerRecord] = []

    /// The record that answers the message, when the worker asked for it.
    var reply: ProducerRecord? {
        get { boxedReply?.value }
        set { boxedReply = newValue.map { Boxed.value($0) } }
    }

    /// What the message was to an operation that runs across machines; nil for all others.
    var step: OperationStep? {
        get { boxedStep?.value }
        set { boxedStep = newValue.map { Boxed.value($0) } }
    }

    // Many dispatches wait at once, in frames that have room for several: what is large and rare is elsewhere.
    private var boxedReply: Boxed<ProducerRecord>?
    private var boxedStep: Boxed<OperationStep>?

    /// Why no handler ran, when the message is a duplicate.
    var duplicate: Deduplicator.Duplicate?

    /// Nil when the message could not be decoded.
    private let execution: Execution?

    init(_ execution: Execution?, _ result: ExecutionResult, _ refusal: Refusal?, step: OperationStep? = nil) {
        self.execution = execution
        self.result = result
        self.refusal = refusal
        self.step = step
    }

    init(_ execution: Execution, _ duplicate: Deduplicator.Duplicate) {
        self.init(execution, ExecutionResult(uuid: execution.uuid), nil)
        self.duplicate = duplicate
    }

    /// Makes the result a failure: what was to go with it is dropped.
    mutating func fail(_ error: KserError) {
        result = .from(error, uuid: message?.uuid)
        sent = []
        reply = nil
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

/// A value on the heap.
private indirect enum Boxed<Value: Sendable>: Sendable {
    case value(Value)

    var value: Value {
        switch self {
        case .value(let value): value
        }
    }
}
