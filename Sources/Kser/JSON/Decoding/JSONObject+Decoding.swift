extension JSONObject {
    /// Decodes a type from the object, as Foundation's `JSONDecoder` with its default strategies.
    ///
    /// An undecoded object is read straight from the parsed text.
    ///
    ///     struct Mail: Decodable { var to: String; var retries: Int? }
    ///     let mail = try params.decode(Mail.self)
    ///
    /// - Parameters:
    ///   - type: what to decode.
    ///   - userInfo: values that the type's own decoding may ask for.
    /// - Returns: the decoded value.
    /// - Throws: `DecodingError`, which ``KserError/init(decoding:)`` turns into kser's words, and what the type's own
    ///   decoding throws.
    public func decode<T: Decodable>(_ type: T.Type, userInfo: [CodingUserInfoKey: Any] = [:]) throws -> T {
        if case .undecoded(let node) = storage { return try node.decode(type, userInfo: userInfo) }
        return try JSON.object(self).decode(type, userInfo: userInfo)
    }
}

extension JSON {
    /// Decodes a type from the value; see ``JSONObject/decode(_:userInfo:)``.
    ///
    /// - Parameters:
    ///   - type: what to decode.
    ///   - userInfo: values that the type's own decoding may ask for.
    /// - Returns: the decoded value.
    /// - Throws: `DecodingError`, and what the type's own decoding throws.
    public func decode<T: Decodable>(_ type: T.Type, userInfo: [CodingUserInfoKey: Any] = [:]) throws -> T {
        try node.decode(type, userInfo: userInfo)
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
            writer.writesBigIntegersAsFloats = true
            do { try writer.write(self) } catch { throw error.kserError }
            guard let document = JSONDocument.parse(writer.bytes) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: [], debugDescription: "found a number out of range")
                )
            }
            return JSONNode(document: document, element: document.root)
        }
    }
}

extension JSONNode {
    @inline(__always)
    fileprivate func decode<T: Decodable>(_ type: T.Type, userInfo: [CodingUserInfoKey: Any]) throws -> T {
        let decoder = TapeDecoder(self, userInfo: userInfo)
        return try decoder.value(type, element, [], decoder)
    }
}
