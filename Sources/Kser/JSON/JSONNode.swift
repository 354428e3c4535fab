import CSimdjson

/// A value of a parsed document, with the document that it keeps alive.
struct JSONNode: Sendable {
    let document: JSONDocument
    let element: kser_json_element

    /// The value; objects in it stay undecoded.
    var json: JSON {
        withExtendedLifetime(document) {
            if let text = element.text { return .string(text.string) }
            if let number = element.int64 { return .integer(number) }
            return switch element.type {
            case .bool: .bool(element.bool ?? false)
            case .uint64: .unsigned(element.uint64 ?? 0)
            case .double: document.number(element)
            case .array: .array(elements)
            case .object: .object(JSONObject(self))
            case .null, .int64, .string: .null
            }
        }
    }

    /// The elements of a list.
    var elements: [JSON] {
        withExtendedLifetime(document) {
            var elements: [JSON] = []
            elements.reserveCapacity(element.count)
            element.forEachElement { elements.append(JSONNode(document: document, element: $0).json) }
            return elements
        }
    }

    /// The fields of an object.
    var entries: JSONEntries {
        withExtendedLifetime(document) {
            var entries = JSONEntries()
            element.forEachField { entries[$0.string] = JSONNode(document: document, element: $1).json }
            return entries
        }
    }

    /// The keys of an object in order.
    var keys: [String] {
        withExtendedLifetime(document) {
            var keys: [String] = []
            element.forEachField { key, _ in keys.append(key.string) }
            return keys.count == count ? keys : entries.list.map(\.key)
        }
    }

    /// The number of different keys of an object.
    var count: Int { withExtendedLifetime(document) { document.keyCount(of: element) } }

    /// Whether an object has no keys.
    var isEmpty: Bool { withExtendedLifetime(document) { element.count == 0 } }

    /// The value of a key of an object.
    func find(_ key: String) -> JSONNode? {
        withExtendedLifetime(document) {
            document.find(key, in: element).map { JSONNode(document: document, element: $0) }
        }
    }
}

extension JSONDocument {
    /// A number that is a double for simdjson. The caller keeps the document alive.
    func number(_ element: kser_json_element) -> JSON {
        let double = element.double ?? 0
        return mayHaveLongNumbers ? digits(of: element).json(rounded: double) : .double(double)
    }
}
