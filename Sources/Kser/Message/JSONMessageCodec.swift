import CSimdjson

/// Messages as plain JSON, as kser writes and reads them.
///
/// Reading is strict JSON (see ``JSON/init(parsing:maximumDepth:)-([UInt8],_)``); params, metadata and retval stay undecoded. Unknown
/// fields are dropped. Writing gives kser's own bytes: its order of fields, its spacing, ASCII only.
public struct JSONMessageCodec: MessageCodec {
    /// The most bytes of a message by default: 64 MiB.
    public static let standardMaximumSize = 64 << 20

    /// The most bytes that a message may have; larger ones are refused unread.
    public let maximumSize: Int
    private let maximumDepth: Int

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - maximumDepth: how deep objects and lists of a message may nest in all, up to ``JSON/maximumDepth``. Types that
    ///     nest deeper than the default may need larger stacks.
    ///   - maximumSize: the most bytes that a message may have: reading takes some times as much memory.
    public init(maximumDepth: Int = JSON.defaultMaximumDepth, maximumSize: Int = standardMaximumSize) {
        self.maximumDepth = maximumDepth
        self.maximumSize = maximumSize
    }

    /// The message as JSON text.
    ///
    /// - Throws: ``KserError`` of kind `validation` that names the place of a number that is not finite, or says that the
    ///   message is larger than ``maximumSize``.
    public func encode(_ message: Message) throws -> [UInt8] {
        var writer = JSONWriter()
        do { try writer.write(message) } catch { throw error.kserError }
        try check(size: writer.bytes.count)
        return writer.bytes
    }

    /// The message that a JSON text holds.
    ///
    /// - Throws: ``KserError``: `validation` with the fields at fault in its extra or for one that is larger than
    ///   ``maximumSize``, `internal` for what is not JSON.
    public func decode(_ bytes: [UInt8]) throws -> Message {
        try check(size: bytes.count)
        let document = try JSONDocument.read(bytes, maximumDepth: maximumDepth)
        if !document.hasStandIns, let message = Message(document) { return message }
        return try Message(json: JSONNode(document: document, element: document.root).json)
    }

    private func check(size: Int) throws(KserError) {
        if size > maximumSize { throw .tooLarge("The message", size, limit: maximumSize) }
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

// The short way for messages as peers write them. Whatever is out of the ordinary gives nil, and goes the long way above.
extension Message {
    fileprivate init?(_ document: JSONDocument) {
        var fields = kser_json_message()
        guard kser_json_read_message(document.root, &fields) else { return nil }
        self = withExtendedLifetime(document) {
            let uuid = fields.uuid.string
            return Message(
                uuid: uuid,
                entrypoint: fields.entrypoint.string,
                params: fields.has_params ? document.object(fields.params) : JSONObject(),
                result: fields.has_result ? document.result(fields.result, of: uuid) : nil,
                metadata: fields.has_metadata ? document.object(fields.metadata) : JSONObject()
            )
        }
    }
}

extension JSONDocument {
    @inline(__always)
    fileprivate func object(_ element: kser_json_element) -> JSONObject {
        JSONObject(undecoded: JSONNode(document: self, element: element))
    }

    /// The result; the uuid of the message is taken where it is the same.
    @inline(__always)
    fileprivate func result(_ fields: kser_json_result, of uuid: String) -> ExecutionResult {
        ExecutionResult(
            uuid: fields.uuid.isEqual(to: uuid) ? uuid : fields.uuid.string,
            retcode: Int(fields.retcode),
            stdout: fields.output.string,
            stderr: fields.errors.string,
            retval: fields.has_retval ? object(fields.retval) : JSONObject()
        )
    }
}
