extension JSONText {
    /// Goes past the string that starts here.
    mutating func string() throws(Fault) {
        let start = place
        place += 1
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                place += 1
                return
            case UInt8(ascii: "\\"):
                try escape()
            case ..<0x20:
                throw Fault(reason: "Invalid control character at", place: place)
            default:
                place += 1
            }
        }
        throw Fault(reason: "Unterminated string starting at", place: start)
    }

    private mutating func escape() throws(Fault) {
        let start = place
        place += 1
        guard let byte = peek else { throw Fault(reason: "Unterminated string starting at", place: start) }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            break
        case UInt8(ascii: "u"): try unicodeEscape(from: start)
        default: throw Fault(reason: "Invalid \\escape", place: start)
        }
    }

    private mutating func unicodeEscape(from start: Int) throws(Fault) {
        let high = try unit(from: start)
        if Unicode.Scalar(high) != nil { return }
        guard UTF16.isLeadSurrogate(UInt16(high)), take("\\u"),
            case let low = try unit(from: start), UTF16.isTrailSurrogate(UInt16(low))
        else {
            throw Fault(reason: "Unpaired surrogate escape", place: start)
        }
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
