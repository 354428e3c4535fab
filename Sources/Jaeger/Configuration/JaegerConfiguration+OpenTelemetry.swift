import Foundation
import OpenTracing

/// OpenTelemetry's variables, by its specification of the environment.
extension JaegerConfiguration {
    mutating func readOpenTelemetry(_ variables: Variables) throws(JaegerError) {
        if let isDisabled = try variables.bool("OTEL_SDK_DISABLED") { isEnabled = !isDisabled }
        readResource(variables)
        try readBatches(variables)
        try readSampler(variables)
        try readPropagators(variables)
        try readExporter(variables)
    }

    private mutating func readResource(_ variables: Variables) {
        for (key, value) in Self.pairs(variables["OTEL_RESOURCE_ATTRIBUTES"] ?? "") {
            if key == "service.name" {
                if serviceName.isEmpty { serviceName = value }
            } else {
                options.tags[key] = .string(value)
            }
        }
        if let name = variables["OTEL_SERVICE_NAME"], variables["JAEGER_SERVICE_NAME"] == nil { serviceName = name }
    }

    private mutating func readBatches(_ variables: Variables) throws(JaegerError) {
        if let milliseconds = try variables.integer("OTEL_BSP_SCHEDULE_DELAY") {
            reporting.flushInterval = .milliseconds(milliseconds)
        }
        if let size = try variables.integer("OTEL_BSP_MAX_EXPORT_BATCH_SIZE") {
            reporting.batchSize = max(1, size)
            reporting.queueCapacity = max(reporting.queueCapacity, reporting.batchSize)
        }
        if let size = try variables.integer("OTEL_BSP_MAX_QUEUE_SIZE") { reporting.setQueueCapacity(size) }
    }

    private mutating func readSampler(_ variables: Variables) throws(JaegerError) {
        guard let name = variables["OTEL_TRACES_SAMPLER"] else { return }
        let argument = variables["OTEL_TRACES_SAMPLER_ARG"]
        // A child always follows its parent here.
        switch name {
        case "always_on", "parentbased_always_on": sampler = .const(true)
        case "always_off", "parentbased_always_off": sampler = .const(false)
        case "traceidratio", "parentbased_traceidratio":
            guard let rate = argument.map({ Double($0) }) ?? 1, (0...1).contains(rate) else {
                throw .invalid("OTEL_TRACES_SAMPLER_ARG", argument)
            }
            sampler = .probabilistic(rate)
        case "jaeger_remote", "parentbased_jaeger_remote":
            let arguments = Dictionary(Self.pairs(argument ?? "")) { $1 }
            samplingEndpoint = arguments["endpoint"]
            if let milliseconds = arguments["pollingIntervalMs"].flatMap({ Int($0) }) {
                samplingRefreshInterval = .milliseconds(milliseconds)
            }
            sampler = .remote(initialRate: arguments["initialSamplingRate"].flatMap { Double($0) } ?? 0.001)
        default: throw .invalid("OTEL_TRACES_SAMPLER", name)
        }
    }

    private mutating func readPropagators(_ variables: Variables) throws(JaegerError) {
        guard let list = variables["OTEL_PROPAGATORS"], list != "none" else { return }
        var codecs: [any ContextCodec] = []
        for name in list.split(separator: ",") {
            switch name.trimmingBlanks {
            case "tracecontext": codecs.append(TraceContextCodec())
            case "baggage": codecs.append(BaggageCodec())
            case "b3": codecs.append(B3SingleCodec())
            case "b3multi": codecs.append(B3Codec(writes128Bits: true))
            case "jaeger": codecs.append(TextCodec(headers: options.headers, encodesValues: true))
            default: throw .invalid("OTEL_PROPAGATORS", list)
            }
        }
        let codec = CompositeCodec(codecs)
        options.codecs[.httpHeaders] = codec
        options.codecs[.textMap] = codec
    }

    private mutating func readExporter(_ variables: Variables) throws(JaegerError) {
        if variables["OTEL_TRACES_EXPORTER"] == "none" { destination = .none }
        func variable(_ name: String) -> (name: String, value: String)? {
            variables[first: ["OTEL_EXPORTER_OTLP_TRACES_\(name)", "OTEL_EXPORTER_OTLP_\(name)"]]
        }
        let endpoint = variable("ENDPOINT")
        let transport = variable("PROTOCOL")
        guard endpoint != nil || transport != nil || variables["OTEL_TRACES_EXPORTER"] == "otlp" else { return }
        var options = OTLPSender.Options()
        if let transport {
            guard let encoding = OTLPSender.Encoding(rawValue: transport.value) else {
                throw JaegerError(
                    .invalidConfiguration,
                    "\(transport.name) is \"\(transport.value)\": use http/protobuf or http/json, gRPC is not spoken here"
                )
            }
            options.encoding = encoding
        }
        options.compresses = variable("COMPRESSION")?.value == "gzip"
        options.headers = Dictionary(Self.pairs(variable("HEADERS")?.value ?? "")) { $1 }
        if let timeout = variable("TIMEOUT") {
            guard let milliseconds = Int(timeout.value), milliseconds > 0 else {
                throw .invalid(timeout.name, timeout.value)
            }
            options.timeout = .milliseconds(milliseconds)
        }
        var address = endpoint?.value ?? "http://localhost:4318"
        if endpoint?.name != "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" {
            address += address.hasSuffix("/") ? "v1/traces" : "/v1/traces"
        }
        guard let url = URL(string: address), url.host != nil else { throw .invalid(endpoint?.name ?? "", address) }
        destination = .otlp(url, options)
    }

    /// `k=v,k=v`, percent-encoded.
    private static func pairs(_ list: String) -> [(String, String)] {
        list.split(separator: ",").compactMap { item in
            guard let equals = item.firstIndex(of: "=") else { return nil }
            let value = item[item.index(after: equals)...].trimmingBlanks
            return (String(item[..<equals].trimmingBlanks), PercentEncoding.decode(value))
        }
    }
}
