import Kser

/// The script of a controller's subclass: its name and its hooks.
struct ControllerScript: Sendable {
    let name: String
    let hooks: ControllerHooks

    init(_ json: JSON?, defaultName: String) throws {
        let fields = try Fields(
            json ?? [:],
            "controller",
            allowing: ["name", "onmessage", "onsuccess", "onerror"]
        )
        name = try fields.optional("name", Fields.text) ?? defaultName
        hooks = ControllerHooks(
            onMessage: try fields.optional("onmessage", Fields.list).map(Self.messageHook),
            onSuccess: try fields.optional("onsuccess", Fields.list).map { try Self.resultHook($0, "onsuccess") },
            onError: try fields.optional("onerror", Fields.list).map { try Self.resultHook($0, "onerror") }
        )
    }

    private static let actions: Set<Action.Kind> = [
        .returnMessage, .returnArgument, .returnNone, .raise, .result, .setParam, .setMetadata, .setEntrypoint,
    ]

    private static func messageHook(_ json: [JSON]) throws -> @Sendable (Message) async throws -> Message {
        let actions = try Action.list(json, "controller.onmessage", allowing: Self.actions)
        return { message in
            var message = message
            // Python fails when the hook returns anything but a message; a Swift hook cannot.
            _ = try perform(actions, on: &message, result: nil)
            return message
        }
    }

    private static func resultHook(_ json: [JSON], _ name: String) throws
        -> @Sendable (Message, ExecutionResult) async throws -> ExecutionResult
    {
        let actions = try Action.list(json, "controller.\(name)", allowing: Self.actions)
        return { message, result in
            var message = message
            return try perform(actions, on: &message, result: result) ?? result
        }
    }

    private static func perform(
        _ actions: [Action],
        on message: inout Message,
        result: ExecutionResult?
    ) throws -> ExecutionResult? {
        for action in actions {
            let fields = action.fields
            switch action.kind {
            case .returnArgument: return result
            case .returnMessage, .returnNone: return nil
            case .raise: throw try action.error
            case .result: return try action.result(uuid: message.uuid, params: message.params)
            case .setParam: message.params[try fields.text("key")] = try fields.value("value")
            case .setMetadata: message.metadata[try fields.text("key")] = try fields.value("value")
            case .setEntrypoint: message.entrypoint = try fields.text("value")
            default: throw SchemaError("\(fields.place) is no action of controllers")
            }
        }
        return nil
    }
}
