/// Tags or log fields: keys and values in the order in which they were given.
///
///     span.log(["event": "rolled", "dice": 6])
///
/// An empty list allocates nothing.
public struct Fields: Sendable, Equatable {
    /// A key and its value.
    public struct Field: Sendable, Equatable {
        /// The key, such as one of ``Tags``.
        public var key: String
        /// The value.
        public var value: FieldValue

        /// Makes a field.
        public init(_ key: String, _ value: FieldValue) {
            self.key = key
            self.value = value
        }
    }

    @usableFromInline var fields: [Field]

    /// Makes a list of no fields.
    @inlinable public init() { fields = [] }

    /// Makes a list of fields.
    public init(_ fields: some Sequence<Field>) { self.fields = Array(fields) }

    /// The last value of a key; setting one replaces the value in its place, or appends it, and nil removes the key.
    public subscript(key: String) -> FieldValue? {
        get { fields.last { $0.key.hasSameBytes(as: key) }?.value }
        set {
            guard let newValue else { return fields.removeAll { $0.key.hasSameBytes(as: key) } }
            if let index = fields.lastIndex(where: { $0.key.hasSameBytes(as: key) }) {
                fields[index].value = newValue
            } else {
                fields.append(Field(key, newValue))
            }
        }
    }

    /// Appends a field, whether or not there is one of that key.
    public mutating func append(_ key: String, _ value: FieldValue) { fields.append(Field(key, value)) }

    /// Whether there is no field.
    @inlinable public var isEmpty: Bool { fields.isEmpty }

    /// The keys in their order.
    public var keys: [String] { fields.map(\.key) }
}

extension Fields: RandomAccessCollection {
    /// The index of the first field: 0.
    public var startIndex: Int { 0 }
    /// The number of fields.
    public var endIndex: Int { fields.endIndex }
    /// The field at an index.
    public subscript(position: Int) -> Field { fields[position] }
}

extension Fields: ExpressibleByDictionaryLiteral {
    /// Makes a list of the literal's fields, in its order.
    public init(dictionaryLiteral elements: (String, any FieldValueConvertible)...) {
        fields = elements.map { Field($0, $1.fieldValue) }
    }
}

extension Fields: CustomStringConvertible {
    /// `key=value` of each field.
    public var description: String { fields.map { "\($0.key)=\($0.value.text)" }.joined(separator: " ") }
}
