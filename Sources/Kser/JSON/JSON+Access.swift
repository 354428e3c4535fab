extension JSON {
    /// The text, or nil when the value is not text.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The integer, or nil when the value is not an integer in the range of `Int`.
    public var int: Int? {
        if case .integer(let number) = self { Int(exactly: number) } else { nil }
    }

    /// The number, rounded to a `Double` when it is an integer; nil when the value is not a number.
    public var double: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .unsigned(let number): Double(number)
        case .bigInteger(let digits): Double(digits)
        case .double(let number): number
        default: nil
        }
    }

    /// The truth value, or nil when the value is not one.
    public var bool: Bool? {
        if case .bool(let truth) = self { truth } else { nil }
    }

    /// The elements, or nil when the value is not a list.
    public var array: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The object, or nil when the value is not an object.
    public var object: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// Whether the value is `null`.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The value of a key, or nil when the value is not an object or has no such key.
    public subscript(key: String) -> JSON? { object?[key] }

    /// The element at an index, or nil when the value is not a list or the list is shorter.
    public subscript(index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}
