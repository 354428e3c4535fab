import Foundation

/// Encodes into a ``JSON`` tree, with the default strategies of Foundation's `JSONEncoder` but for dates.
struct TreeEncoder: Encoder {
    let node: TreeNode
    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any]
    private let dateStrategy: DateStrategy

    init(
        _ node: TreeNode,
        path: [any CodingKey],
        userInfo: [CodingUserInfoKey: Any],
        dateStrategy: DateStrategy
    ) {
        self.node = node
        codingPath = path
        self.userInfo = userInfo
        self.dateStrategy = dateStrategy
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        node.open(keyed: true)
        return KeyedEncodingContainer(TreeKeyedContainer<Key>(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.open(keyed: false)
        return TreeUnkeyedContainer(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { TreeSingleValueContainer(encoder: self) }

    /// The encoder of a value inside this one.
    func inner(_ node: TreeNode, key: some CodingKey) -> TreeEncoder {
        TreeEncoder(node, path: codingPath + [key], userInfo: userInfo, dateStrategy: dateStrategy)
    }

    /// The tree of any value; nil when it encodes nothing.
    func tree(_ value: some Encodable, _ path: @autoclosure () -> [any CodingKey]) throws -> JSON? {
        switch value {
        case let value as JSON: return value
        case let value as JSONObject: return .object(value)
        case let value as Date: return try tree(date: value, path())
        case let value as Data: return .string(value.base64EncodedString())
        case let value as URL: return .string(value.absoluteString)
        case let value as Decimal: return try tree(decimal: value, path())
        default:
            let node = TreeNode()
            try value.encode(
                to: TreeEncoder(node, path: path(), userInfo: userInfo, dateStrategy: dateStrategy)
            )
            return node.json
        }
    }

    private func tree(date: Date, _ path: @autoclosure () -> [any CodingKey]) throws -> JSON {
        if dateStrategy != .iso8601 { return try tree(number: dateStrategy.number(date), path()) }
        guard let text = DateStrategy.iso8601(date) else {
            throw EncodingError.invalidValue(
                date,
                .init(codingPath: path(), debugDescription: "ISO 8601 has the years 1 to 9999 only")
            )
        }
        return .string(text)
    }

    /// The tree of a float. A `Float` goes by its shortest digits, as in Foundation.
    func tree<T: BinaryFloatingPoint & LosslessStringConvertible>(
        number: T,
        _ path: @autoclosure () -> [any CodingKey]
    ) throws -> JSON {
        guard number.isFinite, let double = number as? Double ?? Double(number.description) else {
            throw EncodingError.invalidValue(
                number,
                .init(codingPath: path(), debugDescription: "\(number) is not a number of JSON")
            )
        }
        return .double(double)
    }

    private func tree(decimal: Decimal, _ path: @autoclosure () -> [any CodingKey]) throws -> JSON {
        let digits = decimal.description
        if let number = Int64(digits) { return .integer(number) }
        if let number = UInt64(digits) { return .unsigned(number) }
        guard decimal.isFinite, let number = Double(digits) else {
            throw EncodingError.invalidValue(
                decimal,
                .init(codingPath: path(), debugDescription: "\(decimal) is not a number of JSON")
            )
        }
        // Where the shortest digits of the double are these, nothing is lost.
        let isKept = digits.contains(".") && Decimal(string: number.description, locale: nil) == decimal
        if !isKept { return .bigInteger(digits) }
        return .double(number)
    }
}

extension JSON {
    /// The tree of an integer.
    init(_ number: some FixedWidthInteger) {
        if let small = Int64(exactly: number) {
            self = .integer(small)
        } else if let large = UInt64(exactly: number) {
            self = .unsigned(large)
        } else {
            self = .bigInteger(number.description)
        }
    }

    /// The tree of a value; nil when it encodes nothing.
    static func tree(
        of value: some Encodable,
        userInfo: [CodingUserInfoKey: Any] = [:],
        dateStrategy: DateStrategy
    ) throws -> JSON? {
        try TreeEncoder(TreeNode(), path: [], userInfo: userInfo, dateStrategy: dateStrategy).tree(value, [])
    }

    /// Encodes a value, with the default strategies of Foundation's `JSONEncoder` but for dates.
    ///
    /// - Parameters:
    ///   - value: what to encode.
    ///   - userInfo: values that the type's own encoding may ask for.
    ///   - dateStrategy: how dates are written.
    /// - Throws: `EncodingError` for numbers that are not finite and for values that encode nothing, and what the type's
    ///   own encoding throws.
    public init(
        encoding value: some Encodable,
        userInfo: [CodingUserInfoKey: Any] = [:],
        dateStrategy: DateStrategy = .secondsSince2001
    ) throws {
        guard let tree = try Self.tree(of: value, userInfo: userInfo, dateStrategy: dateStrategy) else {
            throw EncodingError.invalidValue(
                value,
                .init(codingPath: [], debugDescription: "\(type(of: value)) did not encode any values")
            )
        }
        self = tree
    }
}

extension JSONObject {
    /// Encodes a value that has the form of an object; see ``JSON/init(encoding:userInfo:dateStrategy:)``.
    ///
    /// - Parameters:
    ///   - value: what to encode.
    ///   - userInfo: values that the type's own encoding may ask for.
    ///   - dateStrategy: how dates are written.
    /// - Throws: `EncodingError`, also when the value has another form, and what the type's own encoding throws.
    public init(
        encoding value: some Encodable,
        userInfo: [CodingUserInfoKey: Any] = [:],
        dateStrategy: DateStrategy = .secondsSince2001
    ) throws {
        guard case .object(let object) = try JSON(encoding: value, userInfo: userInfo, dateStrategy: dateStrategy)
        else {
            throw EncodingError.invalidValue(
                value,
                .init(codingPath: [], debugDescription: "\(type(of: value)) is not encoded as an object")
            )
        }
        self = object
    }
}
