/// What is left out of a record that its topic does not take whole, each step with all before it.
enum Cut: Int, Sendable {
    case nothing
    case errorText
    case value
    case headers
    case key

    /// What is left out next; nil when there is nothing more.
    var next: Cut? { Cut(rawValue: rawValue + 1) }

    /// The text of the header that tells it.
    var text: String { Self.names.prefix(rawValue).joined(separator: " ") }

    func leavesOut(_ part: Cut) -> Bool { rawValue >= part.rawValue }

    private static let names = ["error-text", "value", "headers", "key"]
}

extension String {
    /// As much of a text that others gave as goes into a header or a reply that has to be small: 4 KiB of UTF-8 at most.
    var bounded: String { utf8.count <= 4_096 ? self : String(decoding: utf8.prefix(4_096), as: UTF8.self) }
}
