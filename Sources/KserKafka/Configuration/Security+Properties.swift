import Foundation

extension Security {
    var properties: [RDKafkaProperty] {
        var list: [RDKafkaProperty] = []
        func add(_ name: String, _ value: String?, _ setting: String) {
            if let value { list.append(RDKafkaProperty(name, value, setting: "security.\(setting)")) }
        }
        let name =
            switch (tls, sasl) {
            case (nil, nil): "plaintext"
            case (_?, nil): "ssl"
            case (nil, _?): "sasl_plaintext"
            case (_?, _?): "sasl_ssl"
            }
        add("security.protocol", name, tls == nil ? "sasl" : "tls")
        if let tls {
            add("ssl.ca.location", tls.caLocation, "tls.caLocation")
            add("ssl.certificate.location", tls.certificateLocation, "tls.certificateLocation")
            add("ssl.key.location", tls.keyLocation, "tls.keyLocation")
            add("ssl.key.password", tls.keyPassword?.text, "tls.keyPassword")
            add(
                "ssl.endpoint.identification.algorithm",
                tls.verifiesHostname ? "https" : "none",
                "tls.verifiesHostname"
            )
        }
        if let sasl {
            add("sasl.mechanism", sasl.mechanism.rawValue, "sasl.mechanism")
            add("sasl.username", sasl.username, "sasl.username")
            add("sasl.password", sasl.password.text, "sasl.password")
        }
        return list
    }

    /// Looks for what librdkafka would tell without the setting's name, or only when it connects.
    ///
    /// - Parameter additional: properties that are set by their names, and may be the other half of a pair.
    /// - Throws: ``KafkaError`` that names the setting, and the file.
    func check(besides additional: [String: String]) throws(KafkaError) {
        if let tls { try tls.check(besides: additional) }
        guard let mechanism = sasl?.mechanism.rawValue, !Self.mechanisms.contains(mechanism) else { return }
        throw KafkaError(
            .configuration,
            "setting security.sasl.mechanism: \"\(mechanism.prefix(100))\" is none of "
                + Self.mechanisms.joined(separator: ", ")
        )
    }

    private static let mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI"]
}

extension Security.TLS {
    fileprivate func check(besides additional: [String: String]) throws(KafkaError) {
        let files = [
            ("caLocation", caLocation), ("certificateLocation", certificateLocation), ("keyLocation", keyLocation),
        ]
        for (setting, path) in files {
            // librdkafka takes "probe" for the system's certificates.
            guard let path, path != "probe" || setting != "caLocation" else { continue }
            guard FileManager.default.fileExists(atPath: path) else {
                throw KafkaError(.configuration, "setting security.tls.\(setting): there is no file \"\(path)\"")
            }
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw KafkaError(.configuration, "setting security.tls.\(setting): file \"\(path)\" may not be read")
            }
        }
        let has = { (name: String) in additional.keys.contains { $0.hasPrefix(name) } }
        if keyLocation != nil, certificateLocation == nil, !has("ssl.certificate"), !has("ssl.keystore") {
            throw KafkaError(
                .configuration,
                "setting security.tls.certificateLocation is missing: keyLocation is of use with the certificate only"
            )
        }
        if certificateLocation != nil, keyLocation == nil, !has("ssl.key") {
            throw KafkaError(
                .configuration,
                "setting security.tls.keyLocation is missing: certificateLocation is of use with its private key only"
            )
        }
    }
}
