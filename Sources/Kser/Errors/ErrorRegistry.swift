/// The kinds of error that are known by their msgid (Python: `cdumay_error`'s registry).
public struct ErrorRegistry: Sendable {
    private var kinds: [KserError.Kind]

    /// A registry of kser's six kinds and the further ones; the first kind of a msgid stays.
    public init(_ further: [KserError.Kind] = []) {
        kinds = [.configuration, .io, .notImplemented, .validation, .notFound, .internal]
        for kind in further { register(kind) }
    }

    /// Makes a kind known.
    ///
    /// - Returns: false when its msgid is taken; the first kind of a msgid stays.
    @discardableResult
    public mutating func register(_ kind: KserError.Kind) -> Bool {
        if kinds.contains(kind) { return false }
        kinds.append(kind)
        return true
    }

    /// Every known kind, in the order of registration.
    public var list: [KserError.Kind] { kinds }

    /// The known kinds with this status (Python: `filter_by_status`).
    public func filter(code: Int) -> [KserError.Kind] { kinds.filter { $0.code == code } }

    /// An error of the kind with this msgid, or of ``KserError/Kind/error`` with the msgid given when none is known
    /// (Python: `craft_error`).
    public func error(
        msgid: String,
        _ message: String = "",
        code: Int = 0,
        extra: JSONObject = [:]
    ) -> KserError {
        if let kind = kinds.first(where: { $0.msgid == msgid }) {
            return KserError(kind, message, code: code, extra: extra)
        }
        var error = KserError(.error, message, code: code, extra: extra)
        error.msgid = msgid
        return error
    }
}
