extension KserError {
    /// A kind of error: Python's error class. The set is open; two kinds are equal when their msgids are.
    public struct Kind: Sendable {
        /// The registered identifier, such as `ERR-04413`.
        public var msgid: String
        /// The class name, such as `ValidationError`.
        public var name: String
        /// The default status of its errors, in the manner of HTTP.
        public var code: Int
        /// The default message of its errors.
        public var description: String

        /// Makes a kind; an ``ErrorRegistry`` makes it known by its msgid.
        public init(msgid: String, name: String, code: Int, description: String) {
            self.msgid = msgid
            self.name = name
            self.code = code
            self.description = description
        }
    }
}

extension KserError.Kind: Hashable {
    /// Whether both have the same msgid.
    public static func == (left: Self, right: Self) -> Bool { left.msgid == right.msgid }

    /// Hashes the msgid.
    public func hash(into hasher: inout Hasher) { hasher.combine(msgid) }
}

extension KserError.Kind {
    /// The mother of all kinds (Python: `Error`); it is not in the registry.
    public static let error = Self(
        msgid: "Err-00000",
        name: "Error",
        code: 1,
        description: "Mother class for all errors"
    )
    /// Settings are missing or wrong.
    public static let configuration = Self(
        msgid: "ERR-19036",
        name: "ConfigurationError",
        code: 400,
        description: "Configuration error"
    )
    /// Reading or writing failed.
    public static let io = Self(msgid: "ERR-27582", name: "IOError", code: 500, description: "I/O Error")
    /// The task does not do this.
    public static let notImplemented = Self(
        msgid: "ERR-04766",
        name: "NotImplemented",
        code: 501,
        description: "Not Implemented"
    )
    /// The input is not acceptable.
    public static let validation = Self(
        msgid: "ERR-04413",
        name: "ValidationError",
        code: 400,
        description: "Validation error"
    )
    /// What was asked for is not there.
    public static let notFound = Self(msgid: "ERR-08414", name: "NotFound", code: 404, description: "Not Found")
    /// Anything else that went wrong.
    public static let `internal` = Self(
        msgid: "ERR-29885",
        name: "InternalError",
        code: 500,
        description: "Internal Error"
    )
    /// The handler did not return within its time limit. Kser for Swift's own; kser has no deadlines.
    public static let deadlineExceeded = Self(
        msgid: "ERR-50400",
        name: "DeadlineExceeded",
        code: 504,
        description: "Deadline exceeded"
    )
    /// The task or operation was cancelled. Kser for Swift's own.
    public static let cancelled = Self(
        msgid: "ERR-50499",
        name: "Cancelled",
        code: 499,
        description: "Operation cancelled"
    )
}
