import CSimdjson

/// The fields of a big object by key. Its keys point into the document, which owns the index.
///
/// Sendable, for nothing changes after init.
final class JSONIndex: @unchecked Sendable {
    private struct Key: Hashable {
        let text: kser_json_text

        static func == (left: Key, right: Key) -> Bool {
            kser_json_equal(left.text, right.text.bytes, right.text.count)
        }

        func hash(into hasher: inout Hasher) { hasher.combine(bytes: UnsafeRawBufferPointer(text.buffer)) }
    }

    private let values: [Key: kser_json_element]

    init(of object: kser_json_element) {
        var values: [Key: kser_json_element] = [:]
        values.reserveCapacity(object.count)
        object.forEachField { key, value in values[Key(text: key)] = value }
        self.values = values
    }

    var count: Int { values.count }

    subscript(key: UnsafeBufferPointer<UInt8>) -> kser_json_element? {
        values[Key(text: kser_json_text(bytes: key.baseAddress, count: key.count))]
    }
}
