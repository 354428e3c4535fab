import Foundation

extension ByteBuffer {
    /// Appends UTF-8 as a JSON string in quotes: ASCII only, as Python's `ensure_ascii`.
    mutating func appendQuoted(_ text: UnsafeBufferPointer<UInt8>) {
        append(UInt8(ascii: "\""))
        var start = 0
        while true {
            let end = text.endOfPlain(from: start)
            if end > start { append(UnsafeBufferPointer(rebasing: text[start..<end])) }
            guard end < text.count else { break }
            start = appendEscape(text, at: end)
        }
        append(UInt8(ascii: "\""))
    }

    /// Appends the escape of the scalar at a place, and says where the next one starts.
    private mutating func appendEscape(_ text: UnsafeBufferPointer<UInt8>, at place: Int) -> Int {
        switch text[place] {
        case UInt8(ascii: "\""): append(literal: #"\""#)
        case UInt8(ascii: "\\"): append(literal: #"\\"#)
        case 0x08: append(literal: #"\b"#)
        case 0x09: append(literal: #"\t"#)
        case 0x0A: append(literal: #"\n"#)
        case 0x0C: append(literal: #"\f"#)
        case 0x0D: append(literal: #"\r"#)
        case let control where control < 0x20 || control == 0x7F: appendUnit(UInt16(control))
        default:
            // The text is valid UTF-8: Swift's own or simdjson's.
            var decoder = UTF8()
            var rest = text[place...].makeIterator()
            guard case .scalarValue(let scalar) = decoder.decode(&rest) else { return place + 1 }
            for unit in UTF16.encode(scalar) ?? .init() { appendUnit(unit) }
            return place + UTF8.width(scalar)
        }
        return place + 1
    }

    private mutating func appendUnit(_ unit: UInt16) {
        append(literal: #"\u"#)
        append(hexDigit(unit >> 12))
        append(hexDigit(unit >> 8 & 0xF))
        append(hexDigit(unit >> 4 & 0xF))
        append(hexDigit(unit & 0xF))
    }
}

private func hexDigit(_ value: UInt16) -> UInt8 {
    UInt8(truncatingIfNeeded: value) + (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
}

extension UnsafeBufferPointer<UInt8> {
    /// Where the run of bytes that need no escape ends. DEL needs one, as in Python.
    fileprivate func endOfPlain(from start: Int) -> Int {
        guard let bytes = UnsafeRawPointer(baseAddress) else { return 0 }
        var place = start
        // Eight at a time: the high bit of a lane is set where the byte is special. A borrow only spoils lanes above one
        // that is special, so the lowest one found is right.
        while place + 8 <= count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            let ones: UInt64 = 0x0101_0101_0101_0101
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            let control = (word &- (ones &* 0x20)) & ~word
            let delete = (word & (ones &* 0x7F)) &+ ones
            let special = word | control | delete | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
            let lanes = special & (ones &* 0x80)
            if lanes != 0 { return place + lanes.trailingZeroBitCount / 8 }
            place += 8
        }
        while place < count, self[place].isPlain { place += 1 }
        return place
    }
}

extension UInt8 {
    fileprivate var isPlain: Bool {
        self >= 0x20 && self < 0x7F && self != UInt8(ascii: "\"") && self != UInt8(ascii: "\\")
    }
}

extension Double {
    /// The number as Python's `repr` writes it: the shortest digits that give it back, an exponent from 1e16 up and
    /// below 1e-4. Swift's exponent starts at 2^53 or 2^54, by its version.
    package var pythonDescription: String {
        let text = description
        if abs(self) < 0x1p53 { return text }
        if abs(self) < 1e16 { return "\(Int64(self)).0" }
        guard text.hasSuffix(".0") else { return text }
        let sign = self < 0 ? "-" : ""
        let digits = text.dropFirst(sign.count).dropLast(2)
        var fraction = digits.dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return "\(sign)\(digits.prefix(1))\(fraction.isEmpty ? "" : ".")\(fraction)e+\(digits.count - 1)"
    }

    /// The number with all of its digits where it is an integer of 64 bits, or half way between two of `Float`; else as
    /// ``pythonDescription``.
    var allDigits: String {
        if abs(self) >= 0x1p53, abs(self) < 0x1p64 {
            return Int64(exactly: self).map { "\($0).0" } ?? UInt64(exactly: self).map { "\($0).0" }
                ?? pythonDescription
        }
        guard bitPattern & 0x1FFF_FFFF == 0x1000_0000 else { return pythonDescription }
        let digits = String(format: "%.800g", self)
        return digits.contains(".") || digits.contains("e") ? digits : digits + ".0"
    }
}
