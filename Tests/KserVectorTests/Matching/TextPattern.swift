/// An expected text with placeholders: `<uuid:N>`, `<stack>`, `<LOCK_PATH>`, `<HOSTNAME>`, `<timestamp>`.
struct TextPattern {
    private enum Part {
        case literal(Substring)
        /// Any text that is not empty, the same for each placeholder of one name.
        case named(String)
        /// Any text, even none.
        case any
    }

    private let parts: [Part]

    init(_ text: String, place: [String: String]) {
        var parts: [Part] = []
        var rest = text[...]
        while let match = rest.firstMatch(of: /<(uuid:\d+|stack|LOCK_PATH|HOSTNAME|timestamp)>/) {
            parts.append(.literal(rest[..<match.range.lowerBound]))
            let name = String(match.output.1)
            switch name {
            case "stack", "timestamp": parts.append(.any)
            default: parts.append(place[name].map { .literal($0[...]) } ?? .named(name))
            }
            rest = rest[match.range.upperBound...]
        }
        parts.append(.literal(rest))
        self.parts = parts
    }

    /// Whether the text is of this form; the texts of named placeholders are added to `bindings` when it is.
    func matches(_ text: String, binding bindings: inout [String: String]) -> Bool {
        var found = bindings
        guard Self.match(parts[...], Array(text.utf8)[...], &found) else { return false }
        bindings = found
        return true
    }

    private static func match(
        _ parts: ArraySlice<Part>,
        _ text: ArraySlice<UInt8>,
        _ bindings: inout [String: String]
    ) -> Bool {
        guard let part = parts.first else { return text.isEmpty }
        let rest = parts.dropFirst()
        switch part {
        case .literal(let literal):
            return text.starts(with: literal.utf8) && match(rest, text.dropFirst(literal.utf8.count), &bindings)
        case .any:
            return (0...text.count).contains { match(rest, text.dropFirst($0), &bindings) }
        case .named(let name):
            if let bound = bindings[name] {
                return text.starts(with: bound.utf8) && match(rest, text.dropFirst(bound.utf8.count), &bindings)
            }
            return text.indices.contains { end in
                var attempt = bindings
                attempt[name] = String(decoding: text[text.startIndex...end], as: UTF8.self)
                guard match(rest, text[(end + 1)...], &attempt) else { return false }
                bindings = attempt
                return true
            }
        }
    }
}
