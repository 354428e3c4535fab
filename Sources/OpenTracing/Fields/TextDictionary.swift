/// What users attached to a trace: texts by key.
public typealias Baggage = TextDictionary<String>

/// Values by texts, which are equal when their bytes in UTF-8 are.
///
/// Swift's `String` equality is canonical, so `"\u{e9}"` and `"e\u{301}"` would be one key of a `Dictionary`; to all others
/// that take part in a trace they are two.
public struct TextDictionary<Value> {
    @usableFromInline var values: [TextKey: Value]

    @inlinable
    init(values: [TextKey: Value]) { self.values = values }

    /// Makes an empty dictionary.
    @inlinable
    public init() { values = [:] }

    /// Makes a dictionary of these entries; of two equal keys the last value counts.
    @inlinable
    public init(_ entries: some Sequence<(key: String, value: Value)>) {
        self.init()
        for (key, value) in entries { values[TextKey(key)] = value }
    }

    /// The value of a key, or nil when the key is absent. Setting nil removes the key.
    @inlinable
    public subscript(key: String) -> Value? {
        get { values[TextKey(key)] }
        set { values[TextKey(key)] = newValue }
    }

    /// The value of a key, or the default when the key is absent.
    @inlinable
    public subscript(key: String, default value: @autoclosure () -> Value) -> Value {
        get { values[TextKey(key), default: value()] }
        set { values[TextKey(key)] = newValue }
    }

    /// A dictionary of these entries and those of another; of a key that both have, the closure chooses the value.
    @inlinable
    public func merging(
        _ other: TextDictionary,
        uniquingKeysWith combine: (Value, Value) throws -> Value
    ) rethrows -> TextDictionary {
        TextDictionary(values: try values.merging(other.values, uniquingKeysWith: combine))
    }

    /// A dictionary of what a closure makes of the values; a key of which it makes nil is left out.
    @inlinable
    public func compactMapValues<Other>(_ transform: (Value) throws -> Other?) rethrows -> TextDictionary<Other> {
        TextDictionary<Other>(values: try values.compactMapValues(transform))
    }

    /// The number of keys.
    @inlinable
    public var count: Int { values.count }

    /// Whether there are no keys.
    @inlinable
    public var isEmpty: Bool { values.isEmpty }
}

extension TextDictionary: Sequence {
    /// The entries, in any order.
    @inlinable
    public func makeIterator() -> AnyIterator<(key: String, value: Value)> {
        var iterator = values.makeIterator()
        return AnyIterator { iterator.next().map { (key: $0.key.text, value: $0.value) } }
    }

    /// The number of keys.
    @inlinable
    public var underestimatedCount: Int { count }
}

extension TextDictionary: ExpressibleByDictionaryLiteral {
    /// Makes a dictionary of these entries; of two equal keys the last value counts.
    @inlinable
    public init(dictionaryLiteral elements: (String, Value)...) {
        self.init(elements.lazy.map { (key: $0.0, value: $0.1) })
    }
}

extension TextDictionary: Sendable where Value: Sendable {}

extension TextDictionary: Equatable where Value: Equatable {}

extension TextDictionary: Hashable where Value: Hashable {}

extension TextDictionary: CustomStringConvertible {
    /// The entries as a dictionary writes them.
    public var description: String {
        isEmpty ? "[:]" : "[" + map { "\($0.key.debugDescription): \($0.value)" }.joined(separator: ", ") + "]"
    }
}

/// A text that is equal to another when their bytes are.
@usableFromInline
struct TextKey: Hashable, Sendable {
    @usableFromInline let text: String

    @inlinable
    init(_ text: String) { self.text = text }

    @inlinable
    static func == (left: TextKey, right: TextKey) -> Bool { left.text.hasSameBytes(as: right.text) }

    @inlinable
    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// Whether both have the same bytes in UTF-8; `==` also holds for other spellings of the same characters.
    @inlinable
    package func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }
}
