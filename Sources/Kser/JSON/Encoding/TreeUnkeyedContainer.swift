/// The elements of a list.
struct TreeUnkeyedContainer: UnkeyedEncodingContainer {
    let encoder: TreeEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { encoder.node.count }

    private var path: [any CodingKey] { codingPath + [IndexKey(count)] }

    private func append(_ value: JSON) { encoder.node.append(value) }

    func encodeNil() { append(.null) }
    func encode(_ value: Bool) { append(.bool(value)) }
    func encode(_ value: String) { append(.string(value)) }
    func encode(_ value: Double) throws { append(try encoder.tree(number: value, path)) }
    func encode(_ value: Float) throws { append(try encoder.tree(number: value, path)) }
    func encode(_ value: Int) { append(JSON(value)) }
    func encode(_ value: Int8) { append(JSON(value)) }
    func encode(_ value: Int16) { append(JSON(value)) }
    func encode(_ value: Int32) { append(JSON(value)) }
    func encode(_ value: Int64) { append(JSON(value)) }
    func encode(_ value: UInt) { append(JSON(value)) }
    func encode(_ value: UInt8) { append(JSON(value)) }
    func encode(_ value: UInt16) { append(JSON(value)) }
    func encode(_ value: UInt32) { append(JSON(value)) }
    func encode(_ value: UInt64) { append(JSON(value)) }
    func encode(_ value: Int128) { append(JSON(value)) }
    func encode(_ value: UInt128) { append(JSON(value)) }

    func encode<T: Encodable>(_ value: T) throws { append(try encoder.tree(value, path) ?? [:]) }

    private func inner() -> TreeEncoder {
        let key = IndexKey(count)
        return encoder.inner(encoder.node.nextNode(), key: key)
    }

    func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        inner().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { inner().unkeyedContainer() }

    func superEncoder() -> any Encoder { inner() }
}
