/// What goes wrong with Jaeger outside of spans: its configuration, and what it sends. Nothing of it ever reaches a task
/// that only makes spans.
public struct JaegerError: Error, Sendable {
    /// The kind of error. New ones may come.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            case invalidArgument, invalidConfiguration, invalidAnswer, tooLarge, sendFailed, rejected,
                timedOut
        }

        private let value: Value

        /// A number or text is out of its range.
        public static let invalidArgument = Code(value: .invalidArgument)
        /// The configuration cannot be understood.
        public static let invalidConfiguration = Code(value: .invalidConfiguration)
        /// A server's answer cannot be understood.
        public static let invalidAnswer = Code(value: .invalidAnswer)
        /// A span does not fit into a datagram.
        public static let tooLarge = Code(value: .tooLarge)
        /// Spans could not be sent.
        public static let sendFailed = Code(value: .sendFailed)
        /// A collector refused spans.
        public static let rejected = Code(value: .rejected)
        /// There was no answer in time.
        public static let timedOut = Code(value: .timedOut)

        /// The code's name.
        public var description: String { value.rawValue }
    }

    /// The kind of error.
    public var code: Code
    /// What happened, for people.
    public var message: String
    /// What caused it.
    public var cause: (any Error)?

    /// Makes an error.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}

extension JaegerError: CustomStringConvertible {
    /// The code, the message and the cause.
    public var description: String { "\(code): \(message)\(cause.map { " (\($0))" } ?? "")" }
}
