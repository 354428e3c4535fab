extension ExecutionResult {
    /// The result that an object holds, as kser reads it.
    ///
    /// Absent fields take their defaults, an absent or empty uuid becomes a random one; unknown fields are dropped; a
    /// float or decimal text as `retcode` is converted.
    ///
    /// - Throws: ``KserError`` of kind `validation` whose extra names every field at fault.
    public init(json: JSONObject) throws {
        var errors: JSONObject = [:]
        guard let result = Self.load(json, errors: &errors) else { throw KserError.invalidFields(errors) }
        self = result
    }

    /// The result that a JSON text holds; see ``init(json:)``.
    ///
    /// - Throws: ``KserError``: `internal` for what is not JSON, `validation` for fields at fault.
    public init(parsing text: String) throws {
        guard case .object(let object) = try JSON(parsing: text) else {
            throw KserError.invalidFields(FieldLoader.notObject.object ?? [:])
        }
        try self.init(json: object)
    }

    static func load(_ object: JSONObject, errors: inout JSONObject) -> ExecutionResult? {
        var fields = FieldLoader(object)
        let uuid = fields.text("uuid")
        let retcode = fields.integer("retcode")
        let stdout = fields.text("stdout")
        let stderr = fields.text("stderr")
        let retval = fields.mapping("retval")
        errors = fields.errors
        guard errors.isEmpty else { return nil }
        return ExecutionResult(
            uuid: uuid ?? "",
            retcode: retcode ?? 0,
            stdout: stdout ?? "",
            stderr: stderr ?? "",
            retval: retval ?? [:]
        )
    }

    /// Whether an object has a field that a result has; without one it counts as no result.
    static func hasFields(_ object: JSONObject) -> Bool {
        ["uuid", "retcode", "stdout", "stderr", "retval"].contains { object.contains($0) }
    }

    /// The result as an object, its fields in kser's order.
    public var json: JSONObject {
        [
            "uuid": .string(uuid), "retcode": .integer(Int64(retcode)), "stdout": .string(stdout),
            "stderr": .string(stderr), "retval": .object(retval),
        ]
    }
}
