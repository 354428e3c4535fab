/// Something that the tool does: `kser <name> …`.
struct Verb: Sendable {
    var name: String
    /// What stands after the options, for the usage line: `TOPIC [FILE]`.
    var operands: String
    /// One line for the overview.
    var summary: String
    /// What the help says besides.
    var details = ""
    var options: [Option]
    var run: @Sendable (Arguments) async throws -> Void

    static func named(_ name: String) -> Verb? { all.first { $0.name == name } }

    static let all: [Verb] = [
        send, tail, topics, groups, deadLetters, operations, cancel, keygen, seal, open, bench, demo,
    ]
}
