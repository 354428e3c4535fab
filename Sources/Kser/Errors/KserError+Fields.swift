extension KserError {
    /// The fields of an error's wire form that an object holds, checked and converted as kser does.
    ///
    /// - Returns: the known fields that are there, in the order `code`, `name`, `message`, `msgid`, `extra`, `stack`.
    /// - Throws: ``KserError`` of kind `validation` whose extra names every field at fault.
    public static func fields(json: JSONObject) throws -> JSONObject {
        var fields = FieldLoader(json)
        var known: JSONObject = [:]
        if let code = fields.integer("code") { known["code"] = .integer(Int64(code)) }
        for name in ["name", "message", "msgid"] {
            if let text = fields.text(name) { known[name] = .string(text) }
        }
        if let extra = fields.mapping("extra") { known["extra"] = .object(extra) }
        if case .null? = json["stack"] {
            known["stack"] = .null
        } else if let stack = fields.text("stack") {
            known["stack"] = .string(stack)
        }
        guard fields.errors.isEmpty else { throw invalidFields(fields.errors) }
        return known
    }

    /// The fields of an error's wire form that a JSON text holds; see ``fields(json:)``.
    ///
    /// - Throws: ``KserError``: `internal` for what is not JSON, `validation` for fields at fault.
    public static func fields(parsing text: String) throws -> JSONObject {
        guard case .object(let object) = try JSON(parsing: text) else {
            throw invalidFields(FieldLoader.notObject.object ?? [:])
        }
        return try fields(json: object)
    }

    /// The error for these faults by field, in kser's words.
    static func invalidFields(_ errors: JSONObject) -> KserError {
        .validation("Invalid field(s) value: \(errors.keys.joined(separator: ", "))", extra: errors)
    }
}
