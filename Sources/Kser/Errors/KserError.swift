/// The error of kser tasks, both in Swift and on the wire (Python: `cdumay_error.Error`).
///
/// On the wire it is the object `{"code", "name", "message", "msgid", "extra", "stack"}` under `retval.error` of a failed
/// ``ExecutionResult``.
///
///     throw KserError.notFound("no such dice", extra: ["id": 3])
public struct KserError: Error, Sendable {
    /// The numeric status, in the manner of HTTP; it becomes the result's `retcode`.
    public var code: Int
    /// The name of the error's class, such as `ValidationError`.
    public var name: String
    /// What happened, for people.
    public var message: String
    /// The registered identifier of the kind of error, such as `ERR-04413`.
    public var msgid: String
    /// Further facts, such as the fields at fault.
    public var extra: JSONObject
    /// The stack of a Python peer; Swift code writes nil.
    public var stack: String?
    /// The error that led to this one; it does not travel.
    public var cause: (any Error)?

    /// Makes an error of a kind.
    ///
    /// - Parameters:
    ///   - kind: the registered kind, which gives name, msgid and the defaults.
    ///   - message: what happened; empty means the kind's own text.
    ///   - code: the status; 0 means the kind's own, as in kser.
    ///   - extra: further facts.
    ///   - cause: the error that led to this one.
    public init(
        _ kind: Kind,
        _ message: String = "",
        code: Int = 0,
        extra: JSONObject = [:],
        cause: (any Error)? = nil
    ) {
        self.code = code == 0 ? kind.code : code
        self.name = kind.name
        self.message = message.isEmpty ? kind.description : message
        self.msgid = kind.msgid
        self.extra = extra
        self.cause = cause
    }

    /// The kind of this error: equal kinds have equal msgids.
    public var kind: Kind { Kind(msgid: msgid, name: name, code: code, description: message) }
}

extension KserError {
    /// Settings are missing or wrong (`ERR-19036`, code 400).
    public static func configuration(_ message: String = "", extra: JSONObject = [:]) -> KserError {
        KserError(.configuration, message, extra: extra)
    }

    /// Reading or writing failed (`ERR-27582`, code 500).
    public static func io(_ message: String = "", extra: JSONObject = [:]) -> KserError {
        KserError(.io, message, extra: extra)
    }

    /// The task does not do this (`ERR-04766`, code 501).
    public static func notImplemented(_ message: String = "", extra: JSONObject = [:]) -> KserError {
        KserError(.notImplemented, message, extra: extra)
    }

    /// The input is not acceptable (`ERR-04413`, code 400).
    public static func validation(_ message: String = "", extra: JSONObject = [:]) -> KserError {
        KserError(.validation, message, extra: extra)
    }

    /// What was asked for is not there (`ERR-08414`, code 404).
    public static func notFound(_ message: String = "", extra: JSONObject = [:]) -> KserError {
        KserError(.notFound, message, extra: extra)
    }

    /// Anything else that went wrong (`ERR-29885`, code 500).
    public static func `internal`(_ message: String = "", extra: JSONObject = [:]) -> KserError {
        KserError(.internal, message, extra: extra)
    }
}

extension KserError: Hashable {
    /// Whether both have the same wire form; the cause does not count.
    public static func == (left: KserError, right: KserError) -> Bool {
        left.code == right.code && left.name == right.name && left.message == right.message
            && left.msgid == right.msgid && left.extra == right.extra && left.stack == right.stack
    }

    /// Hashes what identifies the error.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(msgid)
        hasher.combine(code)
        hasher.combine(message)
    }
}

extension KserError: CustomStringConvertible {
    /// `MSGID: message`, as Python's `str(error)`.
    public var description: String { "\(msgid): \(message)" }
}
