import CSimdjson

/// The fields of an object, looked up in the document.
struct TapeKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    // The box that the standard library puts around a container copies it at each call: one reference is cheap.
    let decoder: TapeDecoder

    var codingPath: [any CodingKey] { decoder.codingPath }

    var allKeys: [Key] {
        JSONNode(document: decoder.document, element: decoder.element).keys.compactMap { Key(stringValue: $0) }
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { try value(key).isNull }

    @inline(__always)
    private func find(_ key: Key) -> kser_json_element? {
        withExtendedLifetime(decoder) {
            decoder.find(key.stringValue)
        }
    }

    @inline(__always)
    private func value(_ key: Key) throws -> kser_json_element {
        guard let value = find(key) else { throw decoder.keyNotFound(key) }
        return value
    }

    /// The value of a key that is there and not null.
    @inline(__always)
    private func present(_ key: Key) -> kser_json_element? {
        guard let value = find(key), !value.isNull else { return nil }
        return value
    }

    @inline(__always)
    private func plain<T>(_ element: kser_json_element, _ key: Key, _ read: (kser_json_element) throws(Mismatch) -> T)
        throws -> T
    {
        try decoder.plain(element, codingPath + [key], read)
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        let element = try value(key)
        return try decoder.value(type, element, codingPath + [key], decoder.child(element, key: key))
    }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        guard let element = present(key) else { return nil }
        return try decoder.value(type, element, codingPath + [key], decoder.child(element, key: key))
    }

    func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type, forKey key: Key) throws
        -> KeyedDecodingContainer<NestedKey>
    {
        try decoder.child(try value(key), key: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder.child(try value(key), key: key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        let key = IndexKey.superclass
        let value = withExtendedLifetime(decoder) { decoder.find(key.stringValue) }
        return value.map { decoder.child($0, key: key) } ?? decoder.absent(key: key)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        find(key).map { decoder.child($0, key: key) } ?? decoder.absent(key: key)
    }
}

extension TapeKeyedContainer {
    func decode(_: Bool.Type, forKey key: Key) throws -> Bool {
        try plain(value(key), key) { e throws(Mismatch) in try e.boolean() }
    }

    func decodeIfPresent(_: Bool.Type, forKey key: Key) throws -> Bool? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.boolean() } }
    }

    func decode(_: String.Type, forKey key: Key) throws -> String {
        try plain(value(key), key) { e throws(Mismatch) in try e.string() }
    }

    func decodeIfPresent(_: String.Type, forKey key: Key) throws -> String? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.string() } }
    }

    func decode(_: Double.Type, forKey key: Key) throws -> Double {
        try plain(value(key), key) { e throws(Mismatch) in try e.float() }
    }

    func decodeIfPresent(_: Double.Type, forKey key: Key) throws -> Double? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.float() } }
    }

    func decode(_: Float.Type, forKey key: Key) throws -> Float {
        try plain(value(key), key) { e throws(Mismatch) in try e.float32() }
    }

    func decodeIfPresent(_: Float.Type, forKey key: Key) throws -> Float? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.float32() } }
    }

    func decode(_: Int.Type, forKey key: Key) throws -> Int {
        try plain(value(key), key) { e throws(Mismatch) in try e.integer(Int.self) }
    }

    func decodeIfPresent(_: Int.Type, forKey key: Key) throws -> Int? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.integer(Int.self) } }
    }

    func decode(_: Int8.Type, forKey key: Key) throws -> Int8 {
        try plain(value(key), key) { e throws(Mismatch) in try e.integer(Int8.self) }
    }

    func decodeIfPresent(_: Int8.Type, forKey key: Key) throws -> Int8? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.integer(Int8.self) } }
    }

    func decode(_: Int16.Type, forKey key: Key) throws -> Int16 {
        try plain(value(key), key) { e throws(Mismatch) in try e.integer(Int16.self) }
    }

    func decodeIfPresent(_: Int16.Type, forKey key: Key) throws -> Int16? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.integer(Int16.self) } }
    }

    func decode(_: Int32.Type, forKey key: Key) throws -> Int32 {
        try plain(value(key), key) { e throws(Mismatch) in try e.integer(Int32.self) }
    }

    func decodeIfPresent(_: Int32.Type, forKey key: Key) throws -> Int32? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.integer(Int32.self) } }
    }

    func decode(_: Int64.Type, forKey key: Key) throws -> Int64 {
        try plain(value(key), key) { e throws(Mismatch) in try e.integer(Int64.self) }
    }

    func decodeIfPresent(_: Int64.Type, forKey key: Key) throws -> Int64? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.integer(Int64.self) } }
    }

    func decode(_: UInt.Type, forKey key: Key) throws -> UInt {
        try plain(value(key), key) { e throws(Mismatch) in try e.integer(UInt.self) }
    }

    func decodeIfPresent(_: UInt.Type, forKey key: Key) throws -> UInt? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.integer(UInt.self) } }
    }

    func decode(_: UInt8.Type, forKey key: Key) throws -> UInt8 {
        try plain(value(key), key) { e throws(Mismatch) in try e.integer(UInt8.self) }
    }

    func decodeIfPresent(_: UInt8.Type, forKey key: Key) throws -> UInt8? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.integer(UInt8.self) } }
    }

    func decode(_: UInt16.Type, forKey key: Key) throws -> UInt16 {
        try plain(value(key), key) { e throws(Mismatch) in try e.integer(UInt16.self) }
    }

    func decodeIfPresent(_: UInt16.Type, forKey key: Key) throws -> UInt16? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.integer(UInt16.self) } }
    }

    func decode(_: UInt32.Type, forKey key: Key) throws -> UInt32 {
        try plain(value(key), key) { e throws(Mismatch) in try e.integer(UInt32.self) }
    }

    func decodeIfPresent(_: UInt32.Type, forKey key: Key) throws -> UInt32? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.integer(UInt32.self) } }
    }

    func decode(_: UInt64.Type, forKey key: Key) throws -> UInt64 {
        try plain(value(key), key) { e throws(Mismatch) in try e.integer(UInt64.self) }
    }

    func decodeIfPresent(_: UInt64.Type, forKey key: Key) throws -> UInt64? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.integer(UInt64.self) } }
    }

    func decode(_: Int128.Type, forKey key: Key) throws -> Int128 {
        try plain(value(key), key) { e throws(Mismatch) in try e.integer(Int128.self) }
    }

    func decodeIfPresent(_: Int128.Type, forKey key: Key) throws -> Int128? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.integer(Int128.self) } }
    }

    func decode(_: UInt128.Type, forKey key: Key) throws -> UInt128 {
        try plain(value(key), key) { e throws(Mismatch) in try e.integer(UInt128.self) }
    }

    func decodeIfPresent(_: UInt128.Type, forKey key: Key) throws -> UInt128? {
        try present(key).map { try plain($0, key) { e throws(Mismatch) in try e.integer(UInt128.self) } }
    }
}
