import CSimdjson

/// The elements of a list in order.
struct TapeUnkeyedContainer: UnkeyedDecodingContainer {
    private let decoder: TapeDecoder
    private var cursor: kser_json_cursor
    private(set) var currentIndex = 0
    private let total: Int
    /// The decoder of the element before, used again unless someone kept it.
    private var last: TapeDecoder?

    init(_ decoder: TapeDecoder) {
        self.decoder = decoder
        cursor = kser_json_start(decoder.element)
        total = decoder.element.count
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { total }
    var isAtEnd: Bool { currentIndex >= total }

    private var path: [any CodingKey] { codingPath + [IndexKey(currentIndex)] }

    /// The next element; nothing moves when `read` throws.
    @inline(__always)
    private mutating func next<T>(_ read: (inout Self, kser_json_element) throws -> T) throws -> T {
        var ahead = cursor
        var element = kser_json_element()
        guard withExtendedLifetime(decoder, { kser_json_next_element(&ahead, &element) }) else {
            throw DecodingError.valueNotFound(
                T.self,
                .init(codingPath: path, debugDescription: "expected \(T.self), found the end of the list")
            )
        }
        let value = try read(&self, element)
        cursor = ahead
        currentIndex += 1
        return value
    }

    @inline(__always)
    private mutating func plain<T>(_ read: (kser_json_element) throws(Mismatch) -> T) throws -> T {
        try next { try $0.decoder.plain($1, $0.path, read) }
    }

    mutating func decodeNil() throws -> Bool {
        var ahead = cursor
        var element = kser_json_element()
        guard withExtendedLifetime(decoder, { kser_json_next_element(&ahead, &element) }) else {
            throw DecodingError.valueNotFound(
                Any?.self,
                .init(codingPath: path, debugDescription: "expected a value, found the end of the list")
            )
        }
        guard element.isNull else { return false }
        cursor = ahead
        currentIndex += 1
        return true
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        try next { try $0.decoder.value(type, $1, $0.path, $0.child($1)) }
    }

    private mutating func child(_ element: kser_json_element) -> TapeDecoder {
        if isKnownUniquelyReferenced(&last), let last {
            last.move(to: element, index: currentIndex)
            return last
        }
        let child = decoder.child(element, key: IndexKey(currentIndex))
        last = child
        return child
    }

    mutating func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) throws
        -> KeyedDecodingContainer<NestedKey>
    {
        try next { try $0.decoder.child($1, key: IndexKey($0.currentIndex)).container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next { try $0.decoder.child($1, key: IndexKey($0.currentIndex)).unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder {
        try next { $0.decoder.child($1, key: IndexKey($0.currentIndex)) }
    }
}

extension TapeUnkeyedContainer {
    mutating func decode(_: Bool.Type) throws -> Bool { try plain { e throws(Mismatch) in try e.boolean() } }

    mutating func decode(_: String.Type) throws -> String { try plain { e throws(Mismatch) in try e.string() } }

    mutating func decode(_: Double.Type) throws -> Double {
        try plain { e throws(Mismatch) in try e.float() }
    }

    mutating func decode(_: Float.Type) throws -> Float { try plain { e throws(Mismatch) in try e.float32() } }

    mutating func decode(_: Int.Type) throws -> Int { try plain { e throws(Mismatch) in try e.integer(Int.self) } }

    mutating func decode(_: Int8.Type) throws -> Int8 { try plain { e throws(Mismatch) in try e.integer(Int8.self) } }

    mutating func decode(_: Int16.Type) throws -> Int16 {
        try plain { e throws(Mismatch) in try e.integer(Int16.self) }
    }

    mutating func decode(_: Int32.Type) throws -> Int32 {
        try plain { e throws(Mismatch) in try e.integer(Int32.self) }
    }

    mutating func decode(_: Int64.Type) throws -> Int64 {
        try plain { e throws(Mismatch) in try e.integer(Int64.self) }
    }

    mutating func decode(_: UInt.Type) throws -> UInt { try plain { e throws(Mismatch) in try e.integer(UInt.self) } }

    mutating func decode(_: UInt8.Type) throws -> UInt8 {
        try plain { e throws(Mismatch) in try e.integer(UInt8.self) }
    }

    mutating func decode(_: UInt16.Type) throws -> UInt16 {
        try plain { e throws(Mismatch) in try e.integer(UInt16.self) }
    }

    mutating func decode(_: UInt32.Type) throws -> UInt32 {
        try plain { e throws(Mismatch) in try e.integer(UInt32.self) }
    }

    mutating func decode(_: UInt64.Type) throws -> UInt64 {
        try plain { e throws(Mismatch) in try e.integer(UInt64.self) }
    }

    mutating func decode(_: Int128.Type) throws -> Int128 {
        try plain { e throws(Mismatch) in try e.integer(Int128.self) }
    }

    mutating func decode(_: UInt128.Type) throws -> UInt128 {
        try plain { e throws(Mismatch) in try e.integer(UInt128.self) }
    }
}
