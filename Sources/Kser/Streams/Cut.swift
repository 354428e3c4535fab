/// What is left out of a record that is too large for its topic or its reader, each step with all before it.
package enum Cut: Int8, Sendable {
    case nothing
    case errorText
    case value
    case headers
    case key

    /// What is left out next; nil when there is nothing more.
    var next: Cut? { Cut(rawValue: rawValue + 1) }

    /// The text of the header that tells it.
    var text: String { Self.names.prefix(Int(rawValue)).joined(separator: " ") }

    package func leavesOut(_ part: Cut) -> Bool { rawValue >= part.rawValue }

    private static let names = ["error-text", "value", "headers", "key"]
}
