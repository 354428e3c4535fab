import CSimdjson

/// Messages as plain JSON, as kser writes and reads them.
///
/// Reading is strict JSON (see ``JSON/init(parsing:)-([UInt8])``); params, metadata and retval stay undecoded. Unknown
/// fields are dropped. Writing gives kser's own bytes: its order of fields, its spacing, ASCII only.
public struct JSONMessageCodec: MessageCodec {
    /// Makes a codec; it has no settings.
    public init() {}

    /// The message as JSON text.
    ///
    /// - Throws: ``KserError`` of kind `validation` that names the place of a number that is not finite.
    public func encode(_ message: Message) throws -> [UInt8] {
        var writer = JSONWriter()
        do { try writer.write(message) } catch { throw error.kserError }
        return writer.bytes
    }

    /// The message that a JSON text holds.
    ///
    /// - Throws: ``KserError``: `validation` with the fields at fault in its extra, `internal` for what is not JSON.
    public func decode(_ bytes: [UInt8]) throws -> Message {
        guard let document = JSONDocument.parse(bytes) else {
            return try Message(json: JSONText.parse(bytes).value)
        }
        if let message = Message(document) { return message }
        return try Message(json: JSONNode(document: document, element: document.root).json)
    }
}

extension Message {
    /// The message of a value, or every reason against it.
    init(json: JSON) throws {
        guard case .object(let object) = json else {
            throw KserError.validation(Self.refusal, extra: FieldLoader.notObject.object ?? [:])
        }
        var fields = FieldLoader(object)
        let uuid = fields.text("uuid", isRequired: true)
        let entrypoint = fields.text("entrypoint", isRequired: true)
        let params = fields.mapping("params")
        let result = Self.result(object["result"], in: &fields)
        let metadata = fields.mapping("metadata")
        guard let uuid, let entrypoint, fields.errors.isEmpty else {
            throw KserError.validation(Self.refusal, extra: fields.errors)
        }
        self.init(uuid: uuid, entrypoint: entrypoint, params: params ?? [:], result: result, metadata: metadata ?? [:])
    }

    private static let refusal = "Failed to load message"

    private static func result(_ value: JSON?, in fields: inout FieldLoader) -> ExecutionResult? {
        switch value {
        case nil, .null?: return nil
        case .object(let object)?:
            guard ExecutionResult.hasFields(object) else { return nil }
            var errors: JSONObject = [:]
            let result = ExecutionResult.load(object, errors: &errors)
            if !errors.isEmpty { fields.refuse("result", .object(errors)) }
            return result
        default:
            fields.refuse("result", FieldLoader.notObject)
            return nil
        }
    }
}

// The short way for messages as peers write them: one look at each field. Whatever is out of the ordinary gives nil, and
// goes the long way above.
extension Message {
    fileprivate init?(_ document: JSONDocument) {
        guard let message = withExtendedLifetime(document, { Self.read(document) }) else { return nil }
        self = message
    }

    private static func read(_ document: JSONDocument) -> Message? {
        guard document.root.type == .object else { return nil }
        var uuid, entrypoint, params, result, metadata: kser_json_element?
        document.root.forEachField { key, value in
            switch key {
            case "uuid": uuid = value
            case "entrypoint": entrypoint = value
            case "params": params = value
            case "result": result = value
            case "metadata": metadata = value
            default: break
            }
        }
        guard let uuid = uuid?.text, let entrypoint = entrypoint?.text, let params = document.object(params),
            let metadata = document.object(metadata)
        else { return nil }
        let name = uuid.string
        guard let result else {
            return Message(uuid: name, entrypoint: entrypoint.string, params: params, metadata: metadata)
        }
        guard let result = document.result(result, sharing: name) else { return nil }
        return Message(
            uuid: name,
            entrypoint: entrypoint.string,
            params: params,
            result: result,
            metadata: metadata
        )
    }
}

extension JSONDocument {
    /// The object of a field, empty when it is absent; nil when it is something else.
    fileprivate func object(_ element: kser_json_element?) -> JSONObject? {
        guard let element else { return JSONObject() }
        guard element.type == .object else { return nil }
        return element.count == 0 ? JSONObject() : JSONObject(JSONNode(document: self, element: element))
    }

    /// The result of a complete object; the uuid of the message is taken where it is the same.
    fileprivate func result(_ element: kser_json_element, sharing name: String) -> ExecutionResult? {
        guard element.type == .object else { return nil }
        var uuid, retcode, stdout, stderr, retval: kser_json_element?
        element.forEachField { key, value in
            switch key {
            case "uuid": uuid = value
            case "retcode": retcode = value
            case "stdout": stdout = value
            case "stderr": stderr = value
            case "retval": retval = value
            default: break
            }
        }
        guard let uuid = uuid?.text, let retcode = retcode?.int64, let stdout = stdout?.text,
            let stderr = stderr?.text, let retval = object(retval)
        else { return nil }
        return ExecutionResult(
            uuid: uuid.isEqual(to: name) ? name : uuid.string,
            retcode: Int(retcode),
            stdout: stdout.string,
            stderr: stderr.string,
            retval: retval
        )
    }
}
