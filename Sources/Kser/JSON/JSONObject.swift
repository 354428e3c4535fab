/// A JSON object that keeps the order of its keys, as a Python dict does, and tells keys apart by their Unicode scalars.
///
/// Swift's `String` equality is canonical, so `"\u{e9}"` and `"e\u{301}"` would be one key of a dictionary; on the wire
/// they are two.
public struct JSONObject: Sendable {
    private var entries: [(key: String, value: JSON)] = []

    /// An empty object.
    public init() {}

    /// An object of these entries; of two equal keys the last value counts, in the place of the first.
    public init(_ entries: some Sequence<(key: String, value: JSON)>) {
        for entry in entries { self[entry.key] = entry.value }
    }

    /// The number of keys.
    public var count: Int { entries.count }
    /// Whether there are no keys.
    public var isEmpty: Bool { entries.isEmpty }
    /// The keys in order.
    public var keys: [String] { entries.map(\.key) }

    /// Whether the key is there; its value may be `null`.
    public func contains(_ key: String) -> Bool { self[key] != nil }

    /// The value of a key, or nil when the key is absent. Setting nil removes the key.
    public subscript(key: String) -> JSON? {
        get { entries.last { $0.key.utf8.elementsEqual(key.utf8) }?.value }
        set {
            let index = entries.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
            switch (index, newValue) {
            case (let index?, let value?): entries[index].value = value
            case (let index?, nil): entries.remove(at: index)
            case (nil, let value?): entries.append((key, value))
            case (nil, nil): break
            }
        }
    }

    /// Sets every key of `other` here: a top-level update, nested objects are replaced (Python: `dict.update`).
    public mutating func merge(_ other: JSONObject) {
        for entry in other.entries { self[entry.key] = entry.value }
    }
}

extension JSONObject: Hashable {
    /// Whether both hold the same keys with the same values, in any order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.entries.allSatisfy { right[$0.key] == $0.value }
    }

    /// Hashes the number of keys, which is the same for every order.
    public func hash(into hasher: inout Hasher) { hasher.combine(count) }
}

extension JSONObject: Sequence {
    /// The entries in order.
    public func makeIterator() -> some IteratorProtocol<(key: String, value: JSON)> { entries.makeIterator() }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object of these entries; of two equal keys the last one counts.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements.map { (key: $0.0, value: $0.1) })
    }
}
