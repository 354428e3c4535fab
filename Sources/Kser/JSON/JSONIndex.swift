import CSimdjson

/// The fields of a big object by key. Its keys point into the document, which owns the index.
final class JSONIndex: @unchecked Sendable {  // nothing changes after init, and what the keys point to is the document's
    private struct Key: Hashable {
        let bytes: UnsafeBufferPointer<UInt8>

        static func == (left: Key, right: Key) -> Bool { left.bytes.elementsEqual(right.bytes) }
        func hash(into hasher: inout Hasher) { hasher.combine(bytes: UnsafeRawBufferPointer(bytes)) }
    }

    private let values: [Key: kser_json_element]

    init(of object: kser_json_element) {
        var values: [Key: kser_json_element] = [:]
        values.reserveCapacity(object.count)
        object.forEachField { key, value in values[Key(bytes: key.buffer)] = value }
        self.values = values
    }

    var count: Int { values.count }

    subscript(key: UnsafeBufferPointer<UInt8>) -> kser_json_element? { values[Key(bytes: key)] }
}
