/// Numbers as hexadecimal digits.
enum Hexadecimal {
    /// Reads a number. Leading zeros are fine; signs, prefixes, spaces and numbers of more bits than fit are not.
    static func number<Number: FixedWidthInteger>(_ text: some StringProtocol, as type: Number.Type) -> Number? {
        guard let first = text.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
        return Number(text, radix: 16)
    }

    /// Writes a number with zeros before it.
    static func padded(_ number: some FixedWidthInteger, to width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
