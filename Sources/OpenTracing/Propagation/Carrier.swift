/// What carries a context from one process to another.
public enum Carrier: Sendable, Equatable {
    /// Keys and values: a map, HTTP or Kafka headers.
    case text(TextMap)
    /// Bytes.
    case binary([UInt8])
}

/// Keys and values in their order. A key may occur several times, as in HTTP headers. Keys are equal when their bytes are.
public struct TextMap: Sendable {
    /// A key and its value.
    public typealias Entry = (key: String, value: String)

    /// All entries.
    public private(set) var entries: [Entry]

    /// Makes a map of entries.
    public init(_ entries: some Sequence<Entry>) { self.entries = Array(entries) }

    /// Makes an empty map.
    public init() { entries = [] }

    /// The first value of exactly this key; setting one replaces all of the key's entries, or appends one.
    public subscript(key: String) -> String? {
        get { entries.first { $0.key.hasSameBytes(as: key) }?.value }
        set {
            guard let newValue else { return entries.removeAll { $0.key.hasSameBytes(as: key) } }
            guard let index = entries.firstIndex(where: { $0.key.hasSameBytes(as: key) }) else {
                return entries.append((key, newValue))
            }
            entries[index].value = newValue
            entries[(index + 1)...].removeAll { $0.key.hasSameBytes(as: key) }
        }
    }

    /// Sets keys as the subscript does, in a time that grows with their number and that of the entries, not with both.
    package mutating func set(_ new: some Sequence<Entry>) {
        var given: TextDictionary<String> = [:]
        var added: [String] = []
        for (key, value) in new {
            if given[key] == nil { added.append(key) }
            given[key] = value
        }
        var written: TextDictionary<Bool> = [:]
        entries = entries.compactMap { entry in
            guard let value = given[entry.key] else { return entry }
            if written[entry.key] != nil { return nil }
            written[entry.key] = true
            return (entry.key, value)
        }
        for key in added where written[key] == nil { entries.append((key, given[key] ?? "")) }
    }

    /// The entries as a dictionary; of several values of one key it holds the last, and a
    /// dictionary takes other spellings of the same characters for one key.
    public var dictionary: [String: String] { Dictionary(entries) { $1 } }
}

extension TextMap: Equatable {
    /// Whether both hold the same entries in the same order.
    public static func == (left: TextMap, right: TextMap) -> Bool {
        left.entries.elementsEqual(right.entries) {
            $0.key.hasSameBytes(as: $1.key) && $0.value.hasSameBytes(as: $1.value)
        }
    }
}

extension TextMap: ExpressibleByDictionaryLiteral {
    /// Makes a map of the literal's entries, in its order.
    public init(dictionaryLiteral elements: (String, String)...) { entries = elements.map { ($0, $1) } }
}
