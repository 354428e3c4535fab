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
    /// Of several entries of a key the first, the latest, is kept.
    ///
    /// - Returns: nil when there are more than 32 entries, or one is malformed.
    public init?(header: String) {
        var entries: [Entry] = []
        var keys: Set<String> = []
        var count = 0
        for member in header.split(separator: ",") {
            let member = member.trimmingBlanks
            if member.isEmpty { continue }
            guard let equals = member.firstIndex(of: "=") else { return nil }
            let entry = Entry(key: String(member[..<equals]), value: String(member[member.index(after: equals)...]))
            count += 1
            guard count <= 32, Self.isKey(entry.key), Self.isValue(entry.value) else { return nil }
            if keys.insert(entry.key).inserted { entries.append(entry) }
        }
        self.entries = entries
    }

    /// The header's value.
    public var header: String { entries.map { "\($0.key)=\($0.value)" }.joined(separator: ",") }

    /// By the recommendation's level 2: `@` is a character as others, and a digit may be the first.
    private static func isKey(_ key: String) -> Bool {
        guard let first = key.utf8.first, key.utf8.count <= 256 else { return false }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        guard letters.contains(first) || digits.contains(first) else { return false }
        return key.utf8.allSatisfy { letters.contains($0) || digits.contains($0) || "_-*/@".utf8.contains($0) }
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
