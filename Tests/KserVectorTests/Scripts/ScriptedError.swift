import Kser

/// An exception of Python that is not kser's: all that a peer sees of it is its text.
struct PythonError: Error, CustomStringConvertible {
    let description: String

    init(_ text: String) { description = text }
}

/// An exception of a script: `{"type", "message"?, …}`.
struct ScriptedError {
    let error: any Error
    /// Whether it is kser's own.
    let isOwn: Bool

    init(_ json: JSON, _ place: String) throws {
        let fields = try Fields(
            json,
            place,
            allowing: ["do", "type", "message", "extra", "code", "msgid", "name", "stack", "kwargs"]
        )
        let type = try fields.text("type")
        isOwn = Self.kinds[type] != nil
        if let kind = Self.kinds[type] {
            error = try Self.kserError(kind, fields)
        } else {
            for key in ["extra", "code", "msgid", "name", "stack", "kwargs"] where fields.has(key) {
                throw SchemaError("\(place) gives '\(key)' to a \(type)")
            }
            error = try Self.pythonError(type, try fields.optional("message", Fields.text))
        }
    }

    private static let kinds: [String: KserError.Kind] = [
        "Error": .error, "ValidationError": .validation, "NotFound": .notFound, "InternalError": .internal,
        "ConfigurationError": .configuration, "IOError": .io, "NotImplemented": .notImplemented,
    ]

    /// Python takes what is empty for not given; further keyword arguments stand in for an empty extra.
    private static func kserError(_ kind: KserError.Kind, _ fields: Fields) throws -> KserError {
        var extra = try fields.optional("extra", Fields.object) ?? [:]
        if extra.isEmpty { extra = try fields.optional("kwargs", Fields.object) ?? [:] }
        var error = KserError(
            kind,
            try fields.optional("message", Fields.text) ?? "",
            code: try fields.optional("code", Fields.integer) ?? 0,
            extra: extra
        )
        if let msgid = try fields.optional("msgid", Fields.text), !msgid.isEmpty { error.msgid = msgid }
        if let name = try fields.optional("name", Fields.text), !name.isEmpty { error.name = name }
        error.stack = try fields.optional("stack", Fields.text)
        return error
    }

    private static func pythonError(_ type: String, _ message: String?) throws -> any Error {
        switch type {
        case "KeyError":
            return PythonError(message.map { JSON.string($0).pythonRepresentation } ?? "")
        case "MarshmallowValidationError":
            // The refusal of a field by Python's schemas; kser's own error is what stands for it here.
            return KserError.validation(
                "Invalid field(s) value: _schema",
                extra: ["_schema": [.string(message ?? "")]]
            )
        case "KeyboardInterrupt", "SystemExit":
            return CancellationError()
        default:
            guard type.first?.isUppercase == true, type.allSatisfy({ $0.isLetter || $0.isNumber }) else {
                throw SchemaError("'\(type)' is no type of exception")
            }
            return PythonError(message ?? "")
        }
    }
}
