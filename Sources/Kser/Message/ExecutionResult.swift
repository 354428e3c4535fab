/// What an execution gives: kser's `Result` (Swift has a `Result` of its own).
public struct ExecutionResult: Sendable {
    /// The uuid of the task that the result belongs to.
    public var uuid: String
    /// The status: 0 is success inside an operation, below 300 for a controller.
    public var retcode: Int
    /// Text for people on success.
    public var stdout: String
    /// Text for people on failure.
    public var stderr: String
    /// Data for the next task or for the caller.
    public var retval: JSONObject
    /// The error that was thrown, with its type and its cause, while the result is where that was. It does not travel, and
    /// does not count where results are compared: `retval.error` tells of it elsewhere.
    public var error: (any Error)?

    /// Makes a result; an empty uuid becomes a random one.
    public init(
        uuid: String = "",
        retcode: Int = 0,
        stdout: String = "",
        stderr: String = "",
        retval: JSONObject = JSONObject()
    ) {
        self.uuid = uuid.isEmpty ? .randomUUID() : uuid
        self.retcode = retcode
        self.stdout = stdout
        self.stderr = stderr
        self.retval = retval
    }

    /// Whether a controller counts it as success: `retcode` below 300, as in kser.
    public var isSuccess: Bool { retcode < 300 }
}

extension ExecutionResult: Hashable {
    /// Whether both are the same where they travel.
    public static func == (left: ExecutionResult, right: ExecutionResult) -> Bool {
        left.uuid == right.uuid && left.retcode == right.retcode && left.stdout == right.stdout
            && left.stderr == right.stderr && left.retval == right.retval
    }

    /// Hashes what travels.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(uuid)
        hasher.combine(retcode)
        hasher.combine(stdout)
        hasher.combine(stderr)
        hasher.combine(retval)
    }
}

extension ExecutionResult: CustomStringConvertible {
    /// stdout when `retcode` is 0, else stderr, as Python's `str(result)`.
    public var description: String { retcode == 0 ? stdout : stderr }
}

extension ExecutionResult {
    /// Appends the text of a value and a line break to stdout.
    public mutating func print(_ value: Any) { stdout += "\(value)\n" }

    /// Appends the text of a value and a line break to stderr (kser: `print_err`).
    public mutating func printError(_ value: Any) { stderr += "\(value)\n" }

    /// Merges a later result into this one (kser: `+`).
    ///
    /// The larger `retcode` wins, so a later success clears no failure; `retval` is updated at the top level; stdout and
    /// stderr are replaced unless the later text is empty; the uuid stays.
    public static func += (left: inout ExecutionResult, right: ExecutionResult) {
        left.retcode = max(left.retcode, right.retcode)
        if !right.retval.isEmpty { left.retval.merge(right.retval) }
        if !right.stdout.isEmpty { left.stdout = right.stdout }
        if !right.stderr.isEmpty { left.stderr = right.stderr }
        if let error = right.error { left.error = error }
    }

    /// The left result with the right one merged into it; see `+=`.
    public static func + (left: ExecutionResult, right: ExecutionResult) -> ExecutionResult {
        var sum = left
        sum += right
        return sum
    }
}

extension ExecutionResult {
    /// The result of an error: its code as `retcode`, its message as stderr, the error itself as `retval.error`
    /// (kser: `from_error`).
    ///
    /// - Parameters:
    ///   - error: the error.
    ///   - uuid: the uuid of the task, for an error whose `extra.uuid` is no text, as in kser; nil makes a random one.
    /// - Returns: the failed result.
    public static func from(_ error: KserError, uuid: String? = nil) -> ExecutionResult {
        var uuid = uuid
        if case .string(let named)? = error.extra["uuid"], !named.isEmpty { uuid = named }
        var result = ExecutionResult(
            uuid: uuid ?? "",
            retcode: error.code,
            stderr: error.message,
            retval: ["error": error.json]
        )
        result.error = error
        return result
    }

    /// The result of any error (kser: `from_exception`): errors that are not kser's become internal errors whose extra
    /// holds the uuid.
    ///
    /// - Parameters:
    ///   - error: the error.
    ///   - uuid: the uuid of the task; nil makes a random one.
    /// - Returns: the failed result.
    public static func from(_ error: any Error, uuid: String? = nil) -> ExecutionResult {
        if let error = error as? KserError { return from(error, uuid: uuid) }
        let uuid = uuid ?? .randomUUID()
        var result = from(KserError(converting: error, extra: ["uuid": .string(uuid)]), uuid: uuid)
        result.error = error
        return result
    }
}
