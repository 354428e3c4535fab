import CSimdjson
import Foundation

/// Decodes a value of a parsed document, with the default strategies of Foundation's `JSONDecoder` but for dates.
///
/// Nothing is built between the text and the result: a container looks its keys up in the document. There is one decoder
/// for each nested value that is not a plain one; it knows its parent for the coding path, which is made only for errors.
final class TapeDecoder: Decoder {
    let document: JSONDocument
    let userInfo: [CodingUserInfoKey: Any]
    let dateStrategy: DateStrategy
    private let parent: TapeDecoder?
    private(set) var element: kser_json_element
    private var key: (any CodingKey)?
    /// Of an object with many keys, once it is asked for its fields.
    private var index: JSONIndex?

    init(_ node: JSONNode, userInfo: [CodingUserInfoKey: Any], dateStrategy: DateStrategy) {
        document = node.document
        element = node.element
        parent = nil
        self.userInfo = userInfo
        self.dateStrategy = dateStrategy
    }

    private init(_ element: kser_json_element, in parent: TapeDecoder, key: any CodingKey) {
        document = parent.document
        self.element = element
        self.parent = parent
        self.key = key
        userInfo = parent.userInfo
        dateStrategy = parent.dateStrategy
    }

    var codingPath: [any CodingKey] {
        var path: [any CodingKey] = []
        var decoder: TapeDecoder? = self
        while let current = decoder {
            if let key = current.key { path.append(key) }
            decoder = current.parent
        }
        return path.reversed()
    }

    func child(_ element: kser_json_element, key: some CodingKey) -> TapeDecoder {
        TapeDecoder(element, in: self, key: key)
    }

    /// The decoder of an absent value.
    func absent(key: some CodingKey) -> TapeDecoder {
        child(JSONDocument.null?.root ?? element, key: key)
    }

    /// Turns to the next element of a list, for a decoder that nobody else has.
    func move(to element: kser_json_element, index: Int) {
        self.element = element
        key = IndexKey(index)
    }

    /// The value of a key of the object. The caller keeps the decoder alive.
    @inline(__always)
    func find(_ key: consuming String) -> kser_json_element? {
        key.withUTF8 { key in
            if let index { index[key] } else { element.find(key) }
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard element.type == .object else { throw mismatch(.wrong, [String: Any].self, element, codingPath) }
        index = element.count > JSONDocument.scanned ? document.index(of: element) : nil
        return KeyedDecodingContainer(TapeKeyedContainer<Key>(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard element.type == .array else { throw mismatch(.wrong, [Any].self, element, codingPath) }
        return TapeUnkeyedContainer(self)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { TapeSingleValueContainer(decoder: self) }
}

extension JSONDocument {
    static let null = JSONDocument.parse(Array("null".utf8))
    static let empty = JSONDocument.parse(Array("{}".utf8))
}

/// The key of an element of a list, and the key of a superclass.
struct IndexKey: CodingKey {
    let intValue: Int?
    let stringValue: String

    static let superclass = IndexKey(name: "super")

    init(_ index: Int) {
        intValue = index
        stringValue = "Index \(index)"
    }

    init(name: String) {
        intValue = nil
        stringValue = name
    }

    init?(stringValue: String) { self.init(name: stringValue) }

    init?(intValue: Int) { self.init(intValue) }
}
