extension JSONObject {
    /// Decodes a type from the object, as Foundation's `JSONDecoder` with its default strategies but for dates.
    ///
    /// An undecoded object is read straight from the parsed text.
    ///
    ///     struct Mail: Decodable { var to: String; var retries: Int? }
    ///     let mail = try params.decode(Mail.self)
    ///
    /// - Parameters:
    ///   - type: what to decode.
    ///   - userInfo: values that the type's own decoding may ask for.
    ///   - dateStrategy: how dates are written.
    /// - Returns: the decoded value.
    /// - Throws: `DecodingError`, which ``KserError/init(decoding:)`` turns into kser's words, and what the type's own
    ///   decoding throws.
    public func decode<T: Decodable>(
        _ type: T.Type,
        userInfo: [CodingUserInfoKey: Any] = [:],
        dateStrategy: DateStrategy = .secondsSince2001
    ) throws -> T {
        if case .undecoded(let node) = storage { return try node.decode(type, userInfo, dateStrategy) }
        return try JSON.object(self).decode(type, userInfo: userInfo, dateStrategy: dateStrategy)
    }
}

extension JSON {
    /// Decodes a type from the value; see ``JSONObject/decode(_:userInfo:dateStrategy:)``.
    ///
    /// - Parameters:
    ///   - type: what to decode.
    ///   - userInfo: values that the type's own decoding may ask for.
    ///   - dateStrategy: how dates are written.
    /// - Returns: the decoded value.
    /// - Throws: `DecodingError`, and what the type's own decoding throws.
    public func decode<T: Decodable>(
        _ type: T.Type,
        userInfo: [CodingUserInfoKey: Any] = [:],
        dateStrategy: DateStrategy = .secondsSince2001
    ) throws -> T {
        try node.decode(type, userInfo, dateStrategy)
    }

    /// The value in a parsed document: where it is, or written and parsed again.
    private var node: JSONNode {
        get throws {
            if case .object(let object) = self {
                if case .undecoded(let node) = object.storage { return node }
                if object.isEmpty, let empty = JSONDocument.empty {
                    return JSONNode(document: empty, element: empty.root)
                }
            }
            var writer = JSONWriter()
            writer.writesAllDigits = true
            do { try writer.write(self) } catch { throw error.kserError }
            let document = try JSONDocument.read(writer.bytes, maximumDepth: JSON.maximumDepth)
            return JSONNode(document: document, element: document.root)
        }
    }
}

extension JSONNode {
    @inline(__always)
    fileprivate func decode<T: Decodable>(
        _ type: T.Type,
        _ userInfo: [CodingUserInfoKey: Any],
        _ dateStrategy: DateStrategy
    ) throws -> T {
        let decoder = TapeDecoder(self, userInfo: userInfo, dateStrategy: dateStrategy)
        return try decoder.value(type, element, [], decoder)
    }
}
