import CSimdjson

/// One value.
struct TapeSingleValueContainer: SingleValueDecodingContainer {
    let decoder: TapeDecoder

    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { withExtendedLifetime(decoder) { decoder.element.isNull } }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        try decoder.value(type, decoder.element, codingPath, decoder)
    }

    @inline(__always)
    private func plain<T>(_ read: (kser_json_element) throws(Mismatch) -> T) throws -> T {
        try decoder.plain(decoder.element, codingPath, read)
    }
}

extension TapeSingleValueContainer {
    func decode(_: Bool.Type) throws -> Bool { try plain { e throws(Mismatch) in try e.boolean() } }

    func decode(_: String.Type) throws -> String { try plain { e throws(Mismatch) in try e.string() } }

    func decode(_: Double.Type) throws -> Double { try plain { e throws(Mismatch) in try e.float() } }

    func decode(_: Float.Type) throws -> Float { try plain { e throws(Mismatch) in try e.float32() } }

    func decode(_: Int.Type) throws -> Int { try plain { e throws(Mismatch) in try e.integer(Int.self) } }

    func decode(_: Int8.Type) throws -> Int8 { try plain { e throws(Mismatch) in try e.integer(Int8.self) } }

    func decode(_: Int16.Type) throws -> Int16 { try plain { e throws(Mismatch) in try e.integer(Int16.self) } }

    func decode(_: Int32.Type) throws -> Int32 { try plain { e throws(Mismatch) in try e.integer(Int32.self) } }

    func decode(_: Int64.Type) throws -> Int64 { try plain { e throws(Mismatch) in try e.integer(Int64.self) } }

    func decode(_: UInt.Type) throws -> UInt { try plain { e throws(Mismatch) in try e.integer(UInt.self) } }

    func decode(_: UInt8.Type) throws -> UInt8 { try plain { e throws(Mismatch) in try e.integer(UInt8.self) } }

    func decode(_: UInt16.Type) throws -> UInt16 { try plain { e throws(Mismatch) in try e.integer(UInt16.self) } }

    func decode(_: UInt32.Type) throws -> UInt32 { try plain { e throws(Mismatch) in try e.integer(UInt32.self) } }

    func decode(_: UInt64.Type) throws -> UInt64 { try plain { e throws(Mismatch) in try e.integer(UInt64.self) } }

    func decode(_: Int128.Type) throws -> Int128 { try plain { e throws(Mismatch) in try e.integer(Int128.self) } }

    func decode(_: UInt128.Type) throws -> UInt128 { try plain { e throws(Mismatch) in try e.integer(UInt128.self) } }
}
