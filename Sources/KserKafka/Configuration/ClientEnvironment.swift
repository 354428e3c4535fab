/// Reads client settings from environment variables.
struct ClientEnvironment {
    private let variables: [String: String]

    init(_ variables: [String: String]) { self.variables = variables }

    /// A variable's value; one that is set but empty counts as absent.
    subscript(name: String) -> String? {
        guard let value = variables[name], !value.isEmpty else { return nil }
        return value
    }

    /// A variable that must be there.
    func required(_ name: String, _ meaning: String) throws(KafkaError) -> String {
        if let value = self[name] { return value }
        throw KafkaError(.configuration, "environment variable \(name) is missing: \(meaning)")
    }

    var bootstrapServers: [String] {
        get throws(KafkaError) {
            splitServers(try required("KSER_BOOTSTRAP_SERVERS", "the addresses of the brokers, host:port,host:port"))
        }
    }

    var security: Security {
        get throws(KafkaError) {
            let name = (self["KSER_SECURITY_PROTOCOL"] ?? "plaintext").lowercased()
            switch name {
            case "plaintext": return .none
            case "ssl": return Security(tls: tls)
            case "sasl_plaintext": return Security(sasl: try sasl)
            case "sasl_ssl": return Security(tls: tls, sasl: try sasl)
            default:
                throw KafkaError(
                    .configuration,
                    "environment variable KSER_SECURITY_PROTOCOL is \"\(name)\": "
                        + "it must be plaintext, ssl, sasl_plaintext or sasl_ssl"
                )
            }
        }
    }

    private var tls: Security.TLS {
        Security.TLS(
            caLocation: self["KSER_SSL_CA_LOCATION"],
            certificateLocation: self["KSER_SSL_CERTIFICATE_LOCATION"],
            keyLocation: self["KSER_SSL_KEY_LOCATION"],
            keyPassword: self["KSER_SSL_KEY_PASSWORD"].map { Secret($0) }
        )
    }

    private var sasl: Security.SASL {
        get throws(KafkaError) {
            Security.SASL(
                Security.SASL.Mechanism(rawValue: self["KSER_SASL_MECHANISM"] ?? "PLAIN"),
                username: try required("KSER_SASL_USERNAME", "the user for SASL"),
                password: Secret(try required("KSER_SASL_PASSWORD", "the password for SASL"))
            )
        }
    }
}
