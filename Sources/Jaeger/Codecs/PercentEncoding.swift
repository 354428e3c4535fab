/// Percent-encoding that never fails: what is no escape stays as it is, and what is no UTF-8 becomes U+FFFD.
enum PercentEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Escapes all bytes but `A-Z a-z 0-9 - . _ ~` and those to keep.
    static func encode(_ text: String, keeping kept: String = "") -> String {
        let kept = Array(kept.utf8)
        if text.utf8.allSatisfy({ isUnreserved($0) || kept.contains($0) }) { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 2)
        for byte in text.utf8 {
            if isUnreserved(byte) || kept.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Replaces escapes by their bytes; nil when one is none, or the bytes are no UTF-8.
    static func decodeStrictly(_ text: some StringProtocol) -> String? {
        var rest = text.utf8[...]
        while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
            let digits = rest[percent...].dropFirst().prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else { return nil }
            rest = rest[percent...].dropFirst(3)
        }
        let decoded = decode(text)
        return decoded.unicodeScalars.contains("\u{FFFD}") && !text.unicodeScalars.contains("\u{FFFD}") ? nil : decoded
    }

    /// Replaces escapes by their bytes.
    static func decode(_ text: some StringProtocol) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        let input = Array(text.utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(input.count)
        var index = 0
        while index < input.count {
            if input[index] == UInt8(ascii: "%"), index + 2 < input.count,
                let high = Character(UnicodeScalar(input[index + 1])).hexDigitValue,
                let low = Character(UnicodeScalar(input[index + 2])).hexDigitValue
            {
                bytes.append(UInt8(high << 4 | low))
                index += 3
            } else {
                bytes.append(input[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._~".utf8.contains(byte)
        }
    }
}
