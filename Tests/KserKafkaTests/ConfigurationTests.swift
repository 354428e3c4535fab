import Kser
import KserKafka
import Testing

@Suite("Configuration")
struct ConfigurationTests {
    @Test("secrets show neither in descriptions nor in dumps")
    func secrets() {
        var configuration = ProducerConfiguration(bootstrapServers: "a:1, b:2")
        configuration.security = Security(
            tls: Security.TLS(keyPassword: "hush"),
            sasl: Security.SASL(.plain, username: "me", password: "hush")
        )
        configuration.additional["sasl.password"] = "hush"
        var dumped = ""
        dump(configuration, to: &dumped)
        dump(configuration.security, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), "\(configuration.security)", dumped] {
            #expect(!text.contains("hush"))
            #expect(text.contains("me"))
        }
        #expect(configuration.bootstrapServers == ["a:1", "b:2"])
    }

    @Test("a refused value names the setting and the property, and shows no secret")
    func refused() async throws {
        var configuration = ConsumerConfiguration(bootstrapServers: "localhost:1", groupID: "g")
        configuration.sessionTimeout = .seconds(10_000_000)
        let error = await kafkaError { _ = try Consumer(configuration, topics: ["t"]) }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("setting sessionTimeout (librdkafka's session.timeout.ms)") == true)

        configuration = ConsumerConfiguration(bootstrapServers: "localhost:1", groupID: "g")
        configuration.additional["no.such.property"] = "1"
        let unknown = await kafkaError { _ = try Consumer(configuration, topics: ["t"]) }
        #expect(unknown?.message.contains("additional[\"no.such.property\"]") == true)
    }

    @Test(
        "what is missing or reserved is named",
        arguments: [
            (ConsumerConfiguration(bootstrapServers: "", groupID: "g"), ["t"], "bootstrapServers"),
            (ConsumerConfiguration(bootstrapServers: "localhost:1", groupID: ""), ["t"], "groupID"),
            (ConsumerConfiguration(bootstrapServers: "localhost:1", groupID: "g"), [], "topics"),
            (ConsumerConfiguration(bootstrapServers: "localhost:1", groupID: "g"), ["a b"], "a b"),
            (Self.reserved, ["t"], "enable.auto.commit"),
        ]
    )
    func missing(_ configuration: ConsumerConfiguration, _ topics: [String], _ name: String) async {
        let error = await kafkaError { _ = try Consumer(configuration, topics: topics) }
        #expect(error?.message.contains(name) == true)
    }

    static var reserved: ConsumerConfiguration {
        var configuration = ConsumerConfiguration(bootstrapServers: "localhost:1", groupID: "g")
        configuration.additional["enable.auto.commit"] = "true"
        return configuration
    }

    @Test("the environment sets servers, group and security")
    func environment() throws {
        let variables = [
            "KSER_BOOTSTRAP_SERVERS": "a:1,b:2", "KSER_GROUP_ID": "g", "KSER_SECURITY_PROTOCOL": "SASL_SSL",
            "KSER_SASL_MECHANISM": "SCRAM-SHA-256", "KSER_SASL_USERNAME": "u", "KSER_SASL_PASSWORD": "p",
            "KSER_SSL_CA_LOCATION": "/ca.pem", "KSER_AUTO_OFFSET_RESET": "latest", "KSER_CLIENT_ID": "me",
        ]
        let consumer = try ConsumerConfiguration.fromEnvironment(variables)
        #expect(consumer.bootstrapServers == ["a:1", "b:2"] && consumer.groupID == "g")
        #expect(consumer.autoOffsetReset == .latest && consumer.clientID == "me")
        #expect(consumer.security.sasl?.mechanism == .scramSHA256 && consumer.security.sasl?.password.text == "p")
        #expect(consumer.security.tls?.caLocation == "/ca.pem")
        #expect(try ProducerConfiguration.fromEnvironment(variables).security == consumer.security)
    }

    @Test(
        "a variable that is missing or wrong is named",
        arguments: [
            (["KSER_GROUP_ID": "g"], "KSER_BOOTSTRAP_SERVERS"),
            (["KSER_BOOTSTRAP_SERVERS": "a:1"], "KSER_GROUP_ID"),
            (
                ["KSER_BOOTSTRAP_SERVERS": "a:1", "KSER_GROUP_ID": "g", "KSER_SECURITY_PROTOCOL": "x"],
                "KSER_SECURITY_PROTOCOL"
            ),
            (
                ["KSER_BOOTSTRAP_SERVERS": "a:1", "KSER_GROUP_ID": "g", "KSER_SECURITY_PROTOCOL": "sasl_ssl"],
                "KSER_SASL_USERNAME"
            ),
            (
                ["KSER_BOOTSTRAP_SERVERS": "a:1", "KSER_GROUP_ID": "g", "KSER_AUTO_OFFSET_RESET": "first"],
                "KSER_AUTO_OFFSET_RESET"
            ),
        ]
    )
    func wrongEnvironment(_ variables: [String: String], _ name: String) async {
        let error = await kafkaError { _ = try ConsumerConfiguration.fromEnvironment(variables) }
        #expect(error?.message.contains(name) == true)
    }
}
