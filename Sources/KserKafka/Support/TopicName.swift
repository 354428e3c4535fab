/// Kafka's rule for names of topics.
enum TopicName {
    /// Whether the name is acceptable: 1 to 249 of letters, digits, `.`, `_` and `-`, but not `.` or `..`.
    static func isValid(_ name: String) -> Bool {
        let bytes = name.utf8
        guard (1...249).contains(bytes.count), name != ".", name != ".." else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }

    /// - Throws: ``KafkaError/Code/invalidTopic`` for a name that Kafka would not take.
    static func check(_ name: String) throws(KafkaError) {
        if isValid(name) { return }
        let advice = KafkaError.Code.invalidTopic.advice ?? ""
        throw KafkaError(.invalidTopic, "topic name \"\(name.prefix(300))\" is not acceptable: \(advice)", topic: name)
    }
}
