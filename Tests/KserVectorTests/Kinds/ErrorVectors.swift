import Kser
import Testing

extension VectorTests {
    @Suite("errors")
    struct Errors {
        @Test(arguments: VectorFolder.kser("errors"))
        func error(_ entry: VectorEntry) async {
            await entry.run { try ErrorRun($0).outcome() }
        }
    }
}

/// One use of kser's errors and their registry.
private struct ErrorRun {
    private let given: Fields

    init(_ vector: Vector) throws {
        given = try Fields(
            vector.given,
            "given",
            allowing: ["op", "exception", "input", "data", "extra", "code", "msgid", "kwargs", "classes", "craft"]
        )
    }

    func outcome() throws -> JSON {
        switch try given.text("op") {
        case "construct": try construct()
        // Swift keeps no stack, whether another error is being handled or not.
        case "in_handler": try inHandler()
        case "load":
            try load { try KserError.fields(parsing: given.text("input")) }
        case "from_json":
            try load { try KserError.fields(json: given.object("data")) }
        case "from_exc": try convert()
        case "registry_list": ["list": .array(ErrorRegistry().list.map(\.json))]
        case "registry_filter":
            ["names": .array(ErrorRegistry().filter(code: try given.integer("code")).map { .string($0.name) })]
        case "craft": try craft()
        case "register": try register()
        case let other: throw SchemaError("unknown op '\(other)'")
        }
    }

    private func scripted() throws -> ScriptedError {
        try ScriptedError(given.value("exception"), "given.exception")
    }

    private func exception() throws -> any Error { try scripted().error }

    private func construct() throws -> JSON {
        let error = KserError(converting: try exception())
        return ["dict": error.json, "json": .string(error.json.description), "str": .string(error.description)]
    }

    private func inHandler() throws -> JSON {
        let error = KserError(converting: try exception())
        return ["dict": error.json, "str": .string(error.description)]
    }

    private func load(_ fields: () throws -> JSONObject) throws -> JSON {
        do {
            return ["loaded": .object(try fields())]
        } catch let error as KserError {
            return Outcome.raising(error)
        }
    }

    private func convert() throws -> JSON {
        let exception = try scripted()
        let error = KserError(converting: exception.error, extra: try given.optional("extra", Fields.object) ?? [:])
        return [
            "dict": error.json,
            "same_object": .bool(exception.isOwn && (exception.error as? KserError) == error),
            "str": .string(error.description),
        ]
    }

    private func craft() throws -> JSON {
        let registry = ErrorRegistry()
        let msgid = try given.text("msgid")
        var rest = try given.optional("kwargs", Fields.object) ?? [:]
        let named = try Fields(rest, "given.kwargs", allowing: rest.keys)
        for key in ["message", "code", "extra", "name", "stack"] { rest[key] = nil }
        let extra = try named.optional("extra", Fields.object) ?? [:]
        var error = registry.error(
            msgid: msgid,
            try named.optional("message", Fields.text) ?? "",
            code: try named.optional("code", Fields.integer) ?? 0,
            extra: extra.isEmpty ? rest : extra
        )
        if let name = try named.optional("name", Fields.text) { error.name = name }
        error.stack = try named.optional("stack", Fields.text)
        return [
            "class": .string(registry.name(of: msgid)), "dict": error.json, "str": .string(error.description),
        ]
    }

    private func register() throws -> JSON {
        var registry = ErrorRegistry()
        let before = registry.list
        for json in try given.list("classes") {
            let fields = try Fields(json, "given.classes", allowing: ["name", "msgid", "code", "doc"])
            registry.register(
                KserError.Kind(
                    msgid: try fields.text("msgid"),
                    name: try fields.text("name"),
                    code: try fields.integer("code"),
                    description: try fields.optional("doc", Fields.text) ?? ""
                )
            )
        }
        let crafted = try given.optional("craft", Fields.texts) ?? []
        return [
            "gained": .array(registry.list.filter { !before.contains($0) }.map(\.json)),
            "crafted": .array(crafted.map { .string(registry.name(of: $0)) }),
        ]
    }
}

extension ErrorRegistry {
    /// The class that `craft_error` makes an error of.
    fileprivate func name(of msgid: String) -> String {
        let isKnown = list.contains { $0.msgid == msgid }
        return isKnown ? error(msgid: msgid).name : KserError.Kind.error.name
    }
}

extension KserError.Kind {
    fileprivate var json: JSON {
        [
            "code": .integer(Int64(code)), "description": .string(description), "msgid": .string(msgid),
            "name": .string(name),
        ]
    }
}
