import CSimdjson

// Reading simdjson's elements. Whoever reads one keeps its document alive meanwhile: `JSONNode` does, or
// `withExtendedLifetime`.

extension kser_json_element {
    @inline(__always) var type: kser_json_type { kser_json_type_of(self) }
    @inline(__always) var count: Int { kser_json_count(self) }

    // Each is nil when the element is of another type. Any number is a double, rounded if need be.

    @inline(__always)
    var bool: Bool? {
        var value = false
        return kser_json_bool(self, &value) ? value : nil
    }

    @inline(__always)
    var int64: Int64? {
        var value: Int64 = 0
        return kser_json_int64(self, &value) ? value : nil
    }

    @inline(__always)
    var uint64: UInt64? {
        var value: UInt64 = 0
        return kser_json_uint64(self, &value) ? value : nil
    }

    @inline(__always)
    var double: Double? {
        var value = 0.0
        return kser_json_double(self, &value) ? value : nil
    }

    @inline(__always)
    var text: kser_json_text? {
        var value = kser_json_text()
        return kser_json_string(self, &value) ? value : nil
    }

    /// The value of the last field with this key, of an object with few keys.
    @inline(__always)
    func find(_ key: UnsafeBufferPointer<UInt8>) -> kser_json_element? {
        var value = kser_json_element()
        return kser_json_find(self, key.baseAddress, key.count, &value) ? value : nil
    }

    /// The elements of a list.
    @inline(__always)
    func forEachElement<E: Error>(_ body: (kser_json_element) throws(E) -> Void) throws(E) {
        var cursor = kser_json_start(self)
        var value = kser_json_element()
        while kser_json_next_element(&cursor, &value) { try body(value) }
    }

    /// The fields of an object, duplicates too.
    @inline(__always)
    func forEachField<E: Error>(_ body: (kser_json_text, kser_json_element) throws(E) -> Void) throws(E) {
        var cursor = kser_json_start(self)
        var key = kser_json_text()
        var value = kser_json_element()
        while kser_json_next_field(&cursor, &key, &value) { try body(key, value) }
    }
}

extension kser_json_text {
    @inline(__always) var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: bytes, count: count) }

    @inline(__always) var string: String { count == 0 ? "" : String(decoding: buffer, as: UTF8.self) }

    @inline(__always)
    func isEqual(to text: String) -> Bool {
        var text = text
        return text.withUTF8 { kser_json_equal(self, $0.baseAddress, $0.count) }
    }
}

extension JSONDocument {
    /// Objects with more keys than this are looked up in an index.
    static let scanned = 16

    /// The value of the last field with this key. The caller keeps the document alive.
    @inline(__always)
    func find(_ key: String, in object: kser_json_element) -> kser_json_element? {
        var key = key
        return key.withUTF8 { key in
            object.count > Self.scanned ? index(of: object)[key] : object.find(key)
        }
    }

    /// The number of different keys of an object. The caller keeps the document alive.
    func keyCount(of object: kser_json_element) -> Int {
        object.count > Self.scanned ? index(of: object).count : kser_json_count_keys(object)
    }
}
