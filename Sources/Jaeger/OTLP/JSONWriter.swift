/// Writes JSON members of which defaults are left out.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = false
    }

    private mutating func raw(_ text: String) { bytes += text.utf8 }

    mutating func object(_ body: (inout JSONWriter) -> Void) {
        separate()
        raw("{")
        body(&self)
        raw("}")
        needsComma = true
    }

    mutating func key(_ key: String) {
        separate()
        quote(key)
        raw(":")
    }

    mutating func object(_ key: String, _ body: (inout JSONWriter) -> Void) {
        self.key(key)
        object(body)
    }

    /// A member with a list of objects; none when the list is empty.
    mutating func list<Element>(
        _ key: String,
        _ elements: some Collection<Element>,
        _ write: (inout JSONWriter, Element) -> Void
    ) {
        if elements.isEmpty { return }
        self.key(key)
        raw("[")
        for element in elements { object { write(&$0, element) } }
        raw("]")
        needsComma = true
    }

    mutating func member(_ key: String, _ text: String, always: Bool = false) {
        if text.isEmpty, !always { return }
        self.key(key)
        quote(text)
        needsComma = true
    }

    mutating func member(_ key: String, number: Int) {
        if number == 0 { return }
        self.key(key)
        raw(String(number))
        needsComma = true
    }

    mutating func member(_ key: String, _ value: Bool) {
        self.key(key)
        raw(value ? "true" : "false")
        needsComma = true
    }

    mutating func member(_ key: String, _ value: Double) {
        guard value.isFinite else { return member(key, value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity") }
        self.key(key)
        raw("\(value)")
        needsComma = true
    }

    private mutating func quote(_ text: String) {
        raw("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): raw("\\\"")
            case UInt8(ascii: "\\"): raw("\\\\")
            case 0..<0x20: raw("\\u00" + Hexadecimal.padded(byte, to: 2))
            default: bytes.append(byte)
            }
        }
        raw("\"")
    }
}
