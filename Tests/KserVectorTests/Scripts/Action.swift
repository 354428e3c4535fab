import Kser

/// One action of a scripted hook, checked when the script is read, so that an unknown one fails even if it never runs.
struct Action {
    enum Kind: String {
        case result, echo, log, search, print
        case returnArgument = "return_arg"
        case returnNone = "return_none"
        case returnValue = "return_value"
        case returnOwnResult = "return_self_result"
        case returnMessage = "return_kmsg"
        case raise
        case printError = "print_err"
        case setArgument = "arg_set"
        case setParam = "set_param"
        case setMetadata = "set_metadata"
        case setRetval = "set_retval"
        case setStatus = "set_status"
        case setEntrypoint = "set_entrypoint"
    }

    let kind: Kind
    let fields: Fields

    static func list(_ json: [JSON], _ place: String, allowing kinds: Set<Kind>) throws -> [Action] {
        try json.enumerated().map { try Action($1, "\(place)[\($0)]", allowing: kinds) }
    }

    private init(_ json: JSON, _ place: String, allowing kinds: Set<Kind>) throws {
        guard let name = json["do"]?.string, let kind = Kind(rawValue: name), kinds.contains(kind) else {
            throw SchemaError("\(place) is the unknown action \(json)")
        }
        self.kind = kind
        fields = try Fields(json, place, allowing: ["do"] + Self.keys(of: kind))
        try check()
    }

    private static func keys(of kind: Kind) -> [String] {
        switch kind {
        case .result: ["result", "format", "own_uuid"]
        case .echo, .returnArgument, .returnNone, .returnOwnResult, .returnMessage: []
        case .returnValue, .setEntrypoint: ["value"]
        case .raise: ["type", "message", "extra", "code", "msgid", "name", "stack", "kwargs"]
        case .print, .printError: ["data"]
        case .setArgument: ["set"]
        case .setParam, .setMetadata, .setRetval: ["key", "value"]
        case .setStatus: ["status"]
        case .log: ["message", "level", "extra", "args"]
        case .search: ["xpath"]
        }
    }

    private func check() throws {
        switch kind {
        case .result: _ = try ResultFields(fields.optional("result", Fields.value) ?? [:], fields.place)
        case .raise: _ = try error
        case .print, .printError: _ = try fields.value("data")
        case .returnValue: _ = try fields.value("value")
        case .setArgument: _ = try ResultFields(fields.value("set"), fields.place)
        case .setParam, .setMetadata, .setRetval: _ = try (fields.text("key"), fields.value("value"))
        case .setEntrypoint: _ = try fields.text("value")
        case .setStatus: _ = try fields.text("status")
        case .log: _ = try (fields.text("message"), level, extra)
        case .search: _ = try fields.text("xpath")
        case .echo, .returnArgument, .returnNone, .returnOwnResult, .returnMessage: break
        }
    }
}

// MARK: What an action holds

extension Action {
    /// The error of a `raise`.
    var error: any Error {
        get throws { try ScriptedError(.object(fields.object), fields.place).error }
    }

    /// The result of a `result`, its texts filled from params.
    func result(uuid: String, params: JSONObject) throws -> ExecutionResult {
        let own = try fields.optional("own_uuid", Fields.truth) ?? true
        var result = try ResultFields(fields.optional("result", Fields.value) ?? [:], fields.place)
            .make(uuid: own ? uuid : "")
        if try fields.optional("format", Fields.truth) == true {
            result.stdout = try result.stdout.formatted(with: params)
            result.stderr = try result.stderr.formatted(with: params)
        }
        return result
    }

    /// The level of a `log`.
    var level: LogLevel {
        get throws {
            guard let name = try fields.optional("level", Fields.text) else { return .info }
            guard let level = LogLevel.allCases.first(where: { $0.name == name }) else {
                throw SchemaError("\(fields.place) has the unknown level '\(name)'")
            }
            return level
        }
    }

    /// The further facts of a `log`: texts here, any value in Python, so others go as JSON text.
    var extra: [String: String] {
        get throws {
            var extra: [String: String] = [:]
            for (key, value) in try fields.optional("extra", Fields.object) ?? JSONObject() {
                extra[key] = value.string ?? value.description
            }
            return extra
        }
    }
}
