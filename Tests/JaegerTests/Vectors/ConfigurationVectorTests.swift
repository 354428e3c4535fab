import Jaeger
import Kser
import OpenTracing
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    @Test(.enabled(if: VectorFile.configuration.isPresent, VectorFile.configuration.absence))
    func booleans() throws {
        for entry in try #require(VectorFile.configuration.json()["get_boolean"]?.array) {
            let given = try #require(entry[0])
            let setting = try Setting(any(given))
            #expect(setting.bool(default: false) == entry[1]?.bool, "\(given)")
            #expect(setting.bool(default: true) == entry[2]?.bool, "\(given)")
        }
    }

    /// A typed value as a dictionary of settings holds it.
    private func any(_ typed: JSON) throws -> Any? {
        switch try TypedValues.value(typed) {
        case .bool(let value): value
        case .integer(let value): Int(value)
        case .double(let value): value
        case .string(let value): value
        default: nil
        }
    }

    @Test(
        .enabled(if: VectorFile.configuration.isPresent, VectorFile.configuration.absence),
        arguments: try VectorFile.configuration.cases("cases")
    )
    func configuration(_ vector: TracingVector) throws {
        try vector.given.allow(
            "id",
            "config",
            "env",
            "service_name_argument",
            "validate",
            "properties",
            "constructor_error"
        )
        let environment = try #require(vector.given["env"]?.object)
        let pairs = try environment.keys.map { ($0, try #require(environment[$0]?.string)) }
        let config = try #require(vector.given["config"])
        let dictionary = try #require(Self.native(config) as? [String: Any])
        func make() throws -> JaegerConfiguration {
            try JaegerConfiguration(
                dictionary,
                serviceName: vector.given["service_name_argument"]?.string,
                validating: vector.given["validate"]?.bool == true,
                environment: Dictionary(uniqueKeysWithValues: pairs)
            )
        }
        let changed = vector.given["properties"]?.object
        let failing = changed?.keys.contains { changed?[$0]?["error"] != nil } == true
        // "remote" is what the reference understands only as nothing; here it is a sampler as the others.
        if vector.given.contains("constructor_error") || failing && vector.name != "sampler_remote_is_an_error" {
            #expect(throws: JaegerError.self) { try make() }
            return
        }
        let properties = try Properties(make())
        let defaults = try #require(VectorFile.configuration.json()["defaults"]?.object)
        for key in defaults.keys {
            let recorded = try #require(changed?[key] ?? defaults[key])
            if vector.name == "sampler_remote_is_an_error", key == "sampler" {
                #expect(properties.sampler == "remote 1.0")
                try Divergences.demandReason(for: vector, in: .configuration)
                continue
            }
            #expect(try properties.text(of: key) == Properties.text(recorded, of: key), "\(key)")
        }
        for key in changed?.keys ?? [] { try #require(defaults.contains(key), "\(key)") }
    }

    private static func native(_ json: JSON) -> Any {
        if let object = json.object {
            return Dictionary(uniqueKeysWithValues: object.keys.map { ($0, native(object[$0] ?? .null)) })
        }
        if json.isNull { return Any?.none as Any }
        if let truth: Bool = json.bool { return truth }
        if "\(json)".contains("."), let number: Double = json.double { return number }
        if let number = json.int { return number }
        return json.string ?? "\(json)"
    }
}

/// A configuration in the words of the vectors.
private struct Properties {
    let configuration: JaegerConfiguration

    init(_ configuration: JaegerConfiguration) { self.configuration = configuration }

    var sampler: String {
        switch configuration.sampler {
        case .const(let decision): "ConstSampler(\(decision ? "True" : "False"))"
        case .probabilistic(let rate): "ProbabilisticSampler(\(rate))"
        case .rateLimiting(let rate): "RateLimitingSampler(\(rate))"
        case .remote(let rate): rate == 0.001 ? "null" : "remote \(rate)"
        case .custom: "custom"
        }
    }

    func text(of key: String) throws -> String {
        let (reporting, options) = (configuration.reporting, configuration.options)
        guard case .agent(let host, let port) = configuration.destination else { return "no agent" }
        switch key {
        case "service_name": return configuration.serviceName
        case "enabled": return "\(configuration.isEnabled)"
        case "reporter_batch_size": return "\(reporting.batchSize)"
        case "reporter_queue_size": return "\(reporting.queueCapacity)"
        case "reporter_flush_interval": return "\(reporting.flushInterval / .seconds(1))"
        case "logging": return "\(configuration.logsSpans)"
        case "trace_id_header": return options.headers.traceID
        case "baggage_header_prefix": return options.headers.baggagePrefix
        case "debug_id_header": return options.headers.debugID
        case "generate_128bit_trace_id": return "\(options.uses128BitTraceIDs)"
        case "max_tag_value_length": return "\(options.maxTagValueLength)"
        case "max_traceback_length": return "\(options.maxTracebackLength)"
        case "sampler": return sampler
        case "sampling_refresh_interval": return "\(configuration.samplingRefreshInterval / .seconds(1))"
        // Whether the agent is enabled says nothing to the reference either.
        case "local_agent_enabled": return "*"
        case "local_agent_sampling_port": return "\(configuration.samplingPort)"
        case "local_agent_reporting_port": return "\(port)"
        case "local_agent_reporting_host": return host
        case "max_operations": return configuration.maxOperations == 2000 ? "null" : "\(configuration.maxOperations)"
        case "tags": return options.tags.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
        case "propagation": return options.codecs.keys.map(\.rawValue).sorted().joined(separator: " ")
        case "throttler_port": return configuration.throttling.map { "\($0.port)" } ?? "null"
        case "throttler_refresh_interval":
            return configuration.throttling.map { "\($0.refreshInterval / .seconds(1))" } ?? "null"
        default: throw UnknownVector(description: "the property \(key)")
        }
    }

    static func text(_ recorded: JSON, of key: String) throws -> String {
        switch key {
        case "local_agent_enabled": return "*"
        case "tags":
            let tags = try (recorded.array ?? []).map { pair in
                try "\(#require(pair[0]?.string))=\(TypedValues.value(#require(pair[1])))"
            }
            return tags.sorted().joined(separator: " ")
        case "propagation": return (recorded.array ?? []).compactMap(\.string).joined(separator: " ")
        case "reporter_flush_interval", "sampling_refresh_interval", "throttler_refresh_interval":
            return recorded.double.map { "\($0)" } ?? "null"
        default: return recorded.string ?? "\(recorded)"
        }
    }
}
