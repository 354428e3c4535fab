/// The texts of `--help`.
enum Help {
    static let usage = "kser: say what to do: kser VERB [OPTION…] [ARGUMENT…]; see kser --help"

    static var overview: String {
        let width = Verb.all.map(\.name.count).max() ?? 0
        let verbs = Verb.all.map { "  \($0.name.padded(to: width))  \($0.summary)" }.joined(separator: "\n")
        return """
            Usage: kser VERB [OPTION…] [ARGUMENT…]

            \(verbs)

            kser VERB --help tells more.

            Environment:
              KSER_BOOTSTRAP_SERVERS  the brokers, host:port,host:port
              KSER_SECURITY_PROTOCOL  plaintext, ssl, sasl_plaintext or sasl_ssl, with KSER_SASL_… and KSER_SSL_…
              KSER_SECRETBOX_KEY      the key of sealed messages, in base64
              KSER_SECRETBOX_KEYS     several of them, ID=KEY,ID=KEY: the first one seals, all open
              KSER_CONTROL_TOPIC      the topic that cancellations of tasks travel on
              KSER_STORE              the store of operations: a SQLite file or a PostgreSQL connection string

            Exit codes:
            \(ExitCode.table)
            """
    }

    static func text(of verb: Verb) -> String {
        let options = verb.options + [.help]
        let left = options.map(\.synopsis)
        let width = left.map(\.count).max() ?? 0
        let lines = zip(left, options).map { "  \($0.padded(to: width))  \($1.help)" }
        let operands = verb.operands.isEmpty ? "" : " \(verb.operands)"
        let details = verb.details.isEmpty ? "" : "\n\n\(verb.details)"
        return """
            Usage: kser \(verb.name) [OPTION…]\(operands)

            \(verb.summary).\(details)

            \(lines.joined(separator: "\n"))
            """
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
