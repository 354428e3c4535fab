import OpenTracing

/// The W3C's header `baggage`, for those who read only that: a tracer writes baggage in its own way.
enum BaggageHeader {
    static let name = "baggage"
    private static let maxItems = 180
    private static let maxItemBytes = 4096
    private static let maxBytes = 8192
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// The header's value; nil when there is nothing that it can hold. A key that is no token of HTTP is left out.
    static func value(of baggage: Baggage) -> String? {
        if baggage.isEmpty { return nil }
        var header: [UInt8] = []
        for (key, value) in baggage.filter({ isToken($0.key) }).sorted(by: { $0.key < $1.key }).prefix(maxItems) {
            let item = (header.isEmpty ? [] : [UInt8(ascii: ",")]) + key.utf8 + [UInt8(ascii: "=")] + escaped(value)
            if item.count <= maxItemBytes, header.count + item.count <= maxBytes { header += item }
        }
        return header.isEmpty ? nil : String(decoding: header, as: UTF8.self)
    }

    private static func escaped(_ text: String) -> [UInt8] {
        text.utf8.flatMap { byte in
            isPlain(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x21...0x7e).contains(byte) && !"\"%,;\\".utf8.contains(byte)
    }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7e).contains($0) && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0) }
    }
}
