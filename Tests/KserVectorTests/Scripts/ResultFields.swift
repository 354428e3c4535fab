import Kser

/// The arguments of a Python `Result(...)`: only those that are given.
struct ResultFields {
    private let fields: Fields

    init(_ json: JSON, _ place: String) throws {
        fields = try Fields(json, place, allowing: ["uuid", "retcode", "stdout", "stderr", "retval"])
        _ = try make()
    }

    /// The result; without a uuid of its own it gets this one, or a random one when it is empty.
    ///
    /// Null is no argument of a Swift initializer; it counts as not given.
    func make(uuid: String = "") throws -> ExecutionResult {
        ExecutionResult(
            uuid: try optional("uuid", Fields.text) ?? uuid,
            retcode: try optional("retcode", Fields.integer) ?? 0,
            stdout: try optional("stdout", Fields.text) ?? "",
            stderr: try optional("stderr", Fields.text) ?? "",
            retval: try optional("retval", Fields.object) ?? [:]
        )
    }

    /// Sets the fields that are given on a result, as Python sets attributes.
    func assign(to result: inout ExecutionResult) throws {
        if fields.has("uuid") { result.uuid = try fields.text("uuid") }
        if fields.has("retcode") { result.retcode = try fields.integer("retcode") }
        if fields.has("stdout") { result.stdout = try fields.text("stdout") }
        if fields.has("stderr") { result.stderr = try fields.text("stderr") }
        if fields.has("retval") { result.retval = try fields.object("retval") }
    }

    private func optional<Value>(_ key: String, _ read: (Fields) -> (String) throws -> Value) throws -> Value? {
        fields.object[key]?.isNull == true ? nil : try fields.optional(key, read)
    }
}
