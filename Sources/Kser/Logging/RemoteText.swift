// What is done with text that others wrote, before people see it or it is kept: the one place for that.
extension String {
    /// As much of a text that others gave as goes into a header or a reply that has to be small: 4 KiB of UTF-8 at most.
    var bounded: String { bounded(to: 4_096) }

    /// As much of a text as has this many bytes of UTF-8, and of the rest how much there is.
    package func bounded(to limit: Int) -> String {
        let count = utf8.count
        if count <= limit { return self }
        // Not within a character: half of one is longer than the whole.
        var end = utf8.index(startIndex, offsetBy: limit)
        while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        let head = String(self[..<end])
        return "\(head)… (\(count - head.utf8.count) bytes more)"
    }

    /// The text as it may stand in a line for people: what would end the line, steer a terminal or change the order of
    /// what is read, which are control characters, separators of lines and marks of direction, is written as escapes.
    package var printable: String {
        guard utf8.contains(where: { Self.mayHide($0) }) else { return self }
        var text = ""
        text.reserveCapacity(utf8.count)
        for scalar in unicodeScalars {
            if scalar.isPrintable { text.unicodeScalars.append(scalar) } else { text += scalar.escape }
        }
        return text
    }

    /// Whether a byte may begin a character that is not shown as it is.
    private static func mayHide(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7f || byte == 0xc2 || byte == 0xd8 || byte == 0xe2 || byte == 0xef
    }
}

extension Unicode.Scalar {
    fileprivate var isPrintable: Bool {
        switch value {
        case 0..<0x20, 0x7f..<0xa0: false
        // Arabic letter mark; marks and separators; embeddings and overrides; isolates; the mark of byte order.
        case 0x61c, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: false
        default: true
        }
    }

    fileprivate var escape: String {
        switch self {
        case "\n": return #"\n"#
        case "\r": return #"\r"#
        case "\t": return #"\t"#
        default:
            let digits = String(value, radix: 16)
            let width = value < 0x100 ? 2 : 4
            return (width == 2 ? #"\x"# : #"\u"#) + String(repeating: "0", count: width - digits.count) + digits
        }
    }
}
