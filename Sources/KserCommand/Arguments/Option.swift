/// An option of a verb.
struct Option: Sendable {
    var name: String
    /// The letter that says the same, as in `-b`.
    var letter: Character?
    /// What its value is called in the help; nil for an option without one.
    var value: String?
    var help: String

    init(_ name: String, _ letter: Character? = nil, value: String? = nil, _ help: String) {
        self.name = name
        self.letter = letter
        self.value = value
        self.help = help
    }

    /// How it is typed.
    var synopsis: String {
        let short = letter.map { "-\($0), " } ?? "    "
        return "\(short)--\(name)\(value.map { " \($0)" } ?? "")"
    }

    static let help = Option("help", "h", "show this")
    /// What every verb that opens sealed messages understands.
    static let keys: [Option] = [
        Option("keys", nil, value: "FILE", "the keys, a line ID=KEY each; default KSER_SECRETBOX_KEYS")
    ]

    /// What every verb that seals messages understands.
    static let sealing: [Option] = [
        Option("key-id", nil, value: "ID", "the key that seals; default the first one"),
        Option("bound", nil, "seal for the topic and the entrypoint, which Python peers do not read"),
    ]

    static let json = Option("json", nil, "write one line of JSON for each thing")

    /// What every verb that talks to a cluster understands.
    static let cluster: [Option] = [
        Option("bootstrap-servers", "b", value: "HOST:PORT,…", "the brokers; default KSER_BOOTSTRAP_SERVERS"),
        Option("property", "X", value: "NAME=VALUE", "any property of librdkafka; may be repeated"),
        Option("properties", nil, value: "FILE", "properties that are secret, a line NAME=VALUE each"),
        Option("timeout", nil, value: "SECONDS", "how long the brokers may take to answer; default 30"),
    ]
}
