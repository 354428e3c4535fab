/// What vendors attached to a trace, in their order: the W3C header `tracestate`.
///
/// Jaeger sets nothing in it; it hands on what came.
public struct TraceState: Sendable, Hashable {
    /// A vendor's key and value.
    public struct Entry: Sendable, Hashable {
        /// The vendor's key, such as `congo` or `tenant@system`.
        public let key: String
        /// The value, opaque to others.
        public let value: String
    }

    /// The entries, the latest first.
    public let entries: [Entry]

    /// Makes an empty state.
    public init() { entries = [] }

    /// Reads a header; several headers are joined with `,` before.
    ///
    /// - Returns: nil when there are more than 32 entries, or one is malformed or of a key seen before.
    public init?(header: String) {
        var entries: [Entry] = []
        var keys: Set<String> = []
        for member in header.split(separator: ",") {
            let member = member.trimmingBlanks
            if member.isEmpty { continue }
            guard let equals = member.firstIndex(of: "=") else { return nil }
            let entry = Entry(key: String(member[..<equals]), value: String(member[member.index(after: equals)...]))
            guard Self.isKey(entry.key), Self.isValue(entry.value), keys.insert(entry.key).inserted else { return nil }
            entries.append(entry)
        }
        guard entries.count <= 32 else { return nil }
        self.entries = entries
    }

    /// The header's value.
    public var header: String { entries.map { "\($0.key)=\($0.value)" }.joined(separator: ",") }

    private static func isKey(_ key: String) -> Bool {
        let parts = key.split(separator: "@", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return isName(parts[0], atMost: 256)
        case 2: return isName(parts[0], atMost: 241, mayStartWithDigit: true) && isName(parts[1], atMost: 14)
        default: return false
        }
    }

    private static func isName(_ name: Substring, atMost length: Int, mayStartWithDigit: Bool = false) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= length else { return false }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        guard letters.contains(first) || mayStartWithDigit && digits.contains(first) else { return false }
        return name.utf8.allSatisfy { letters.contains($0) || digits.contains($0) || "_-*/".utf8.contains($0) }
    }

    private static func isValue(_ value: String) -> Bool {
        guard (1...256).contains(value.utf8.count), value.utf8.last != UInt8(ascii: " ") else { return false }
        return value.utf8.allSatisfy {
            (0x20...0x7e).contains($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=")
        }
    }
}

extension StringProtocol {
    /// The text without blanks and tabs at its ends.
    var trimmingBlanks: SubSequence {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}
