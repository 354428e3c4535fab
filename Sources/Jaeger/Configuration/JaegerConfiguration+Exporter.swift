import Foundation

/// Where OpenTelemetry's variables say that spans go.
extension JaegerConfiguration {
    /// Reads `OTEL_TRACES_EXPORTER` and `OTEL_EXPORTER_OTLP_…`.
    ///
    /// - Returns: whether they say it; else they leave it to Jaeger's.
    mutating func readExporter(_ variables: OpenTelemetryVariables) -> Bool {
        let key = "OTEL_TRACES_EXPORTER"
        var exporters: Set<String> = []
        for name in variables.names(key) {
            switch name {
            case "otlp", "none", "jaeger": exporters.insert(name)
            case "console", "logging": exporters.insert("console")
            default: variables.warn(key, "\"\(name.prefix(50))\" is no exporter here")
            }
        }
        logsSpans = exporters.contains("console")
        if exporters.contains("jaeger") { return false }
        let isOTLP = exporters.contains("otlp")
        if !exporters.isEmpty, !isOTLP || exporters.contains("none") {
            destination = .none
            return true
        }
        let (endpoint, encoding) = (Self.otlp("ENDPOINT", variables), Self.otlp("PROTOCOL", variables))
        guard isOTLP || endpoint != nil || encoding != nil, let url = Self.url(endpoint, variables) else {
            return false
        }
        destination = .otlp(url, Self.options(encoding, variables))
        return true
    }

    static func isHTTP(_ text: String) -> Bool {
        guard let parts = URLComponents(string: text), parts.host?.isEmpty == false else { return false }
        return ["http", "https"].contains(parts.scheme?.lowercased()) && parts.url != nil
    }

    /// A variable of the exporter: that for traces goes before that for all signals.
    private static func otlp(_ name: String, _ variables: OpenTelemetryVariables) -> (name: String, value: String)? {
        variables.first(of: ["OTEL_EXPORTER_OTLP_TRACES_\(name)", "OTEL_EXPORTER_OTLP_\(name)"])
    }

    /// The endpoint for traces as it is, that for all signals with a path behind.
    private static func url(_ endpoint: (name: String, value: String)?, _ variables: OpenTelemetryVariables) -> URL? {
        var (address, isBase) = ("http://localhost:4318", true)
        if let endpoint {
            if isHTTP(endpoint.value) {
                (address, isBase) = (endpoint.value, endpoint.name == "OTEL_EXPORTER_OTLP_ENDPOINT")
            } else {
                variables.warn(endpoint.name, "it is no URL of http or https with a host; spans go to \(address)")
            }
        }
        guard var parts = URLComponents(string: address) else { return nil }
        if isBase {
            let path = parts.percentEncodedPath
            parts.percentEncodedPath = path + (path.hasSuffix("/") ? "v1/traces" : "/v1/traces")
        }
        return parts.url
    }

    private static func options(
        _ encoding: (name: String, value: String)?,
        _ variables: OpenTelemetryVariables
    ) -> OTLPSender.Options {
        var options = OTLPSender.Options()
        if let encoding {
            if let known = OTLPSender.Encoding(rawValue: encoding.value.lowercased()) {
                options.encoding = known
            } else {
                variables.warn(encoding.name, "use http/protobuf or http/json, gRPC is not spoken here")
            }
        }
        if let compression = otlp("COMPRESSION", variables) {
            options.compresses = compression.value.lowercased() == "gzip"
            if !["gzip", "none"].contains(compression.value.lowercased()) {
                variables.warn(compression.name, "it is neither gzip nor none")
            }
        }
        if let timeout = otlp("TIMEOUT", variables) {
            options.timeout = variables.timeout(timeout.name) ?? options.timeout
        }
        if let headers = otlp("HEADERS", variables) {
            for (name, value) in variables.pairs(headers.name) {
                guard name.isToken, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
                    variables.warn(headers.name, "a header's name is no token, or its value has control characters")
                    continue
                }
                options.headers[name] = value
            }
        }
        for name in ["CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"] {
            if let found = otlp(name, variables) {
                variables.warn(found.name, "whom to trust is the system's to say, and no client certificates are sent")
            }
        }
        return options
    }
}
