extension JSONText {
    /// The string that starts here.
    mutating func string() throws(Fault) -> String {
        let start = place
        place += 1
        var units: [UInt8] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                place += 1
                return String(decoding: units, as: UTF8.self)
            case UInt8(ascii: "\\"):
                units.append(contentsOf: UTF8.encode(try escape()) ?? .init())
            case ..<0x20:
                throw Fault(reason: "Invalid control character at", place: place)
            default:
                units.append(byte)
                place += 1
            }
        }
        throw Fault(reason: "Unterminated string starting at", place: start)
    }

    private mutating func escape() throws(Fault) -> Unicode.Scalar {
        let start = place
        place += 1
        guard let byte = peek else { throw Fault(reason: "Unterminated string starting at", place: start) }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape(from: start)
        default: throw Fault(reason: "Invalid \\escape", place: start)
        }
    }

    private mutating func unicodeEscape(from start: Int) throws(Fault) -> Unicode.Scalar {
        let high = try unit(from: start)
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard UTF16.isLeadSurrogate(UInt16(high)), take("\\u") else {
            throw Fault(reason: "Unpaired surrogate escape", place: start)
        }
        let low = try unit(from: start)
        guard UTF16.isTrailSurrogate(UInt16(low)) else {
            throw Fault(reason: "Unpaired surrogate escape", place: start)
        }
        return UTF16.decode(UTF16.EncodedScalar([UInt16(high), UInt16(low)]))
    }

    private mutating func unit(from start: Int) throws(Fault) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw Fault(reason: "Invalid \\uXXXX escape", place: start)
            }
            unit = unit << 4 | UInt32(digit)
            place += 1
        }
        return unit
    }
}

extension JSONText {
    /// Refuses what is not UTF-8, and the byte order mark.
    static func checkEncoding(_ bytes: UnsafeBufferPointer<UInt8>) throws(Fault) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw Fault(reason: "Unexpected UTF-8 BOM (decode using utf-8-sig)", place: 0)
        }
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var place = 0
        while true {
            switch decoder.decode(&iterator) {
            case .emptyInput: return
            case .scalarValue(let scalar): place += UTF8.width(scalar)
            case .error:
                let byte = String(bytes[place], radix: 16)
                throw Fault(reason: "'utf-8' codec can't decode byte 0x\(byte) in position \(place)", place: place)
            }
        }
    }

    /// Line, column and character of a place, as Python's `JSONDecodeError` gives them.
    static func position(of place: Int, in bytes: UnsafeBufferPointer<UInt8>) -> String {
        var line = 1
        var column = 1
        var character = 0
        for byte in bytes.prefix(place) where byte & 0xC0 != 0x80 {
            character += 1
            column = byte == 0x0A ? 1 : column + 1
            line += byte == 0x0A ? 1 : 0
        }
        return "line \(line) column \(column) (char \(character))"
    }
}
