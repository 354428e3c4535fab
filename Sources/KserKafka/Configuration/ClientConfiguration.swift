import Kser

/// What consumers, producers and admins have in common.
protocol ClientConfiguration: Sendable, CustomStringConvertible, CustomReflectable {
    var bootstrapServers: [String] { get }
    var clientID: String { get }
    var security: Security { get }
    var additional: [String: String] { get }

    /// The properties of this kind of client, without the common ones.
    var ownProperties: [RDKafkaProperty] { get }
    /// Properties that the client sets itself, so that `additional` may not.
    static var reserved: Set<String> { get }
}

extension ClientConfiguration {
    /// Every property in the order of setting.
    ///
    /// - Throws: ``KafkaError`` when a required one is missing or `additional` holds a reserved one.
    func properties() throws(KafkaError) -> [RDKafkaProperty] {
        let servers = bootstrapServers.filter { !$0.allSatisfy(\.isWhitespace) }
        if servers.isEmpty {
            throw KafkaError(.configuration, "setting bootstrapServers: no broker's address is given")
        }
        try security.check(besides: additional)
        for name in additional.keys.sorted() where Self.reserved.contains(name) {
            throw KafkaError(
                .configuration,
                "setting additional[\"\(name)\"]: \(Self.self) sets librdkafka's \(name) itself"
            )
        }
        var list = [
            RDKafkaProperty("bootstrap.servers", servers.joined(separator: ","), setting: "bootstrapServers"),
            RDKafkaProperty("client.id", clientID, setting: "clientID"),
            RDKafkaProperty("socket.nagle.disable", "true"),
            // After a broker comes back, clients find it within a second.
            RDKafkaProperty("reconnect.backoff.max.ms", "1000"),
        ]
        list += security.properties
        list += ownProperties
        list += additional.sorted { $0.key < $1.key }.map { RDKafkaProperty($0.key, $0.value) }
        return list
    }

    var shown: [(label: String?, value: Any)] {
        let common: [(String?, Any)] = [("bootstrapServers", bootstrapServers.joined(separator: ","))]
        let security = security.properties + additional.sorted { $0.key < $1.key }.map { RDKafkaProperty($0, $1) }
        let all = security.filter { $0.name != "security.protocol" || $0.value != "plaintext" } + ownProperties
        return common
            + all.map { ($0.name, SecretNames.isSecret($0.name) ? "***" : $0.value) }
    }

    var redactedDescription: String {
        let items = shown.map { "\($0.label ?? ""): \($0.value)" }.joined(separator: ", ")
        return "\(Self.self)(\(items))"
    }

    var redactedMirror: Mirror { Mirror(self, children: shown.map { (label: $0.label, value: $0.value) }) }
}

/// Splits `a:9092, b:9092` into addresses.
func splitServers(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }.map(String.init)
}
