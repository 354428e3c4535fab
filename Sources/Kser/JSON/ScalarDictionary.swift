import CSimdjson

/// The keys and values of an object.
typealias JSONEntries = ScalarDictionary<JSON>

/// Keys and values in order, keys told apart by their UTF-8. Above a few keys an index finds them.
struct ScalarDictionary<Value: Sendable>: Sendable {
    private(set) var list: [(key: String, value: Value)] = []
    private var places: [ScalarKey: Int]?

    private static var scanned: Int { 16 }

    subscript(key: String) -> Value? {
        get { place(of: key).map { list[$0].value } }
        set {
            switch (place(of: key), newValue) {
            case (let place?, let value?): list[place].value = value
            case (let place?, nil): remove(at: place)
            case (nil, let value?): append(key, value)
            case (nil, nil): break
            }
        }
    }

    func place(of key: String) -> Int? {
        if let places { return places[ScalarKey(key)] }
        // No closure takes an element: its value would be copied.
        return list.withUnsafeBufferPointer { list in
            for place in list.indices where list[place].key.hasSameScalars(as: key) { return place }
            return nil
        }
    }

    private mutating func append(_ key: String, _ value: Value) {
        list.append((key, value))
        if places != nil {
            places?[ScalarKey(key)] = list.count - 1
        } else if list.count > Self.scanned {
            index()
        }
    }

    private mutating func remove(at place: Int) {
        list.remove(at: place)
        places = nil
        if list.count > Self.scanned { index() }
    }

    private mutating func index() {
        places = Dictionary(uniqueKeysWithValues: list.indices.map { (ScalarKey(list[$0].key), $0) })
    }
}

/// A text as a key of a dictionary, equal to another when their Unicode scalars are.
package struct ScalarKey: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (left: Self, right: Self) -> Bool { left.text.hasSameScalars(as: right.text) }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// Whether both have the same Unicode scalars; `==` also holds for other spellings of the same characters.
    package func hasSameScalars(as other: String) -> Bool {
        let isEqual = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                kser_json_equal(
                    kser_json_text(bytes: left.baseAddress, count: left.count),
                    right.baseAddress,
                    right.count
                )
            }
        }
        return (isEqual ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}

extension Set<String> {
    /// Whether it has this text, not only one that looks the same.
    package func contains(exactly text: String) -> Bool {
        firstIndex(of: text).map { self[$0].hasSameScalars(as: text) } ?? false
    }
}
