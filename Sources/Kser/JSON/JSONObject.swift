/// A JSON object that keeps the order of its keys, as a Python dict does, and tells keys apart by their Unicode scalars.
///
/// Swift's `String` equality is canonical, so `"\u{e9}"` and `"e\u{301}"` would be one key of a dictionary; on the wire
/// they are two. Of two equal keys the last value counts, in the place of the first.
///
/// The params of a received message are such an object, and stay undecoded: looking up a key decodes its value alone,
/// and ``decode(_:userInfo:dateStrategy:)`` goes straight from the parsed text to your type. An undecoded object keeps the whole
/// parsed message in memory.
public struct JSONObject: Sendable {
    enum Storage: Sendable {
        case empty
        case entries(JSONEntries)
        /// An object that has fields.
        case undecoded(JSONNode)
    }

    private(set) var storage: Storage

    /// An empty object.
    public init() { storage = .empty }

    /// An object of these entries; of two equal keys the last value counts, in the place of the first.
    public init(_ entries: some Sequence<(key: String, value: JSON)>) {
        var own = JSONEntries()
        for entry in entries { own[entry.key] = entry.value }
        storage = .entries(own)
    }

    /// The object at this node.
    init(_ node: JSONNode) {
        self.init()
        if !node.isEmpty { storage = .undecoded(node) }
    }

    /// The object at this node, which has fields.
    init(undecoded node: JSONNode) { storage = .undecoded(node) }

    init(_ entries: JSONEntries) { storage = .entries(entries) }

    private var entries: JSONEntries {
        switch storage {
        case .empty: JSONEntries()
        case .entries(let entries): entries
        case .undecoded(let node): node.entries
        }
    }

    /// The number of keys.
    public var count: Int {
        switch storage {
        case .empty: 0
        case .entries(let entries): entries.list.count
        case .undecoded(let node): node.count
        }
    }

    /// Whether there are no keys.
    public var isEmpty: Bool {
        switch storage {
        case .empty: true
        case .entries(let entries): entries.list.isEmpty
        case .undecoded: false
        }
    }

    /// The keys in order.
    public var keys: [String] {
        switch storage {
        case .empty: []
        case .entries(let entries): entries.list.map(\.key)
        case .undecoded(let node): node.keys
        }
    }

    /// Whether the key is there; its value may be `null`.
    public func contains(_ key: String) -> Bool {
        switch storage {
        case .empty: false
        case .entries(let entries): entries.place(of: key) != nil
        case .undecoded(let node): node.find(key) != nil
        }
    }

    /// The value of a key, or nil when the key is absent. Setting nil removes the key.
    public subscript(key: String) -> JSON? {
        get {
            switch storage {
            case .empty: nil
            case .entries(let entries): entries[key]
            case .undecoded(let node): node.find(key)?.json
            }
        }
        set { mutate { $0[key] = newValue } }
    }

    /// Sets every key of `other` here: a top-level update, nested objects are replaced (Python: `dict.update`).
    public mutating func merge(_ other: JSONObject) {
        mutate { entries in
            for entry in other { entries[entry.key] = entry.value }
        }
    }

    private mutating func mutate(_ change: (inout JSONEntries) -> Void) {
        var entries = entries
        storage = .empty  // so that the change is made in place
        change(&entries)
        storage = .entries(entries)
    }
}

extension JSONObject: Hashable {
    /// Whether both hold the same keys with the same values, in any order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
    }

    /// Hashes every key and its value, in any order.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for (key, value) in self {
            var entry = Hasher()
            entry.combine(ScalarKey(key))
            entry.combine(value)
            sum &+= entry.finalize()
        }
        hasher.combine(sum)
    }
}

extension JSONObject: Sequence {
    /// The entries in order.
    public func makeIterator() -> some IteratorProtocol<(key: String, value: JSON)> { entries.list.makeIterator() }

    /// The number of keys.
    public var underestimatedCount: Int { count }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object of these entries; of two equal keys the last one counts.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements.lazy.map { (key: $0.0, value: $0.1) })
    }
}
