/// What goes wrong with a context that travels.
public struct OpenTracingError: Error, Sendable, Hashable {
    /// The kind of error. New ones may come.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String { case unsupportedFormat, invalidCarrier, spanContextCorrupted, invalidContext }

        private let value: Value

        /// The tracer does not know the format.
        public static let unsupportedFormat = Code(value: .unsupportedFormat)
        /// The carrier is not of the format's kind.
        public static let invalidCarrier = Code(value: .invalidCarrier)
        /// The carrier holds a context, but a malformed one.
        public static let spanContextCorrupted = Code(value: .spanContextCorrupted)
        /// The context is of another tracer.
        public static let invalidContext = Code(value: .invalidContext)

        /// The code's name.
        public var description: String { value.rawValue }
    }

    /// The kind of error.
    public var code: Code
    /// What happened, for people.
    public var message: String
    /// The format that was asked for.
    public var format: Format?

    /// Makes an error.
    public init(_ code: Code, _ message: String = "", format: Format? = nil) {
        self.code = code
        self.message = message
        self.format = format
    }

    /// The tracer does not know the format (Python: `UnsupportedFormatException`).
    public static func unsupportedFormat(_ format: Format) -> OpenTracingError {
        OpenTracingError(.unsupportedFormat, "no propagator for \(format.rawValue)", format: format)
    }

    /// The carrier is not of the format's kind (Python: `InvalidCarrierException`).
    public static func invalidCarrier(_ message: String, format: Format? = nil) -> OpenTracingError {
        OpenTracingError(.invalidCarrier, message, format: format)
    }

    /// The carrier holds a malformed context (Python: `SpanContextCorruptedException`).
    public static func spanContextCorrupted(_ message: String, format: Format? = nil) -> OpenTracingError {
        OpenTracingError(.spanContextCorrupted, message, format: format)
    }
}

extension OpenTracingError: CustomStringConvertible {
    /// The code and the message.
    public var description: String { message.isEmpty ? "\(code)" : "\(code): \(message)" }
}
