import Foundation
import OpenTracing

extension JaegerConfiguration {
    /// What Python's client allows when it validates; it reads more than that.
    private static let validKeys: Set = [
        "baggage_header_prefix", "enabled", "generate_128bit_trace_id", "local_agent", "logging",
        "max_tag_value_length", "max_traceback_length", "propagation", "reporter_batch_size",
        "reporter_flush_interval", "reporter_queue_size", "sampler", "sampling_refresh_interval", "service_name",
        "tags", "throttler", "trace_id_header",
    ]

    /// Reads the dictionary that Jaeger's client for Python takes.
    ///
    ///     try JaegerConfiguration(["sampler": ["type": "const", "param": 1], "logging": true], serviceName: "dice")
    ///
    /// Of the environment it reads what that client reads: `JAEGER_AGENT_HOST`, `JAEGER_AGENT_PORT`, `JAEGER_TRACEID_128BIT`
    /// and `JAEGER_TAGS`.
    ///
    /// - Parameters:
    ///   - dictionary: the settings by their names in Python.
    ///   - serviceName: the service's name, when the dictionary has no `service_name`.
    ///   - validating: whether a key that Python's client does not allow is an error: an unknown one, and also `metrics`,
    ///     `debug_id_header` and `max_operations`.
    ///   - environment: the variables; the process's without.
    /// - Throws: ``JaegerError`` of code `invalidConfiguration`.
    public init(
        _ dictionary: [String: Any],
        serviceName: String? = nil,
        validating: Bool = false,
        environment: [String: String]? = nil
    ) throws(JaegerError) {
        let environment = environment ?? ProcessInfo.processInfo.environment
        func setting(_ key: String) -> Setting { Setting(dictionary[key]) }
        func text(_ key: String, else value: String) -> String { setting(key).string ?? value }
        func whole(_ key: String, else value: Int) throws(JaegerError) -> Int {
            guard dictionary[key] != nil else { return value }
            guard let number = setting(key).integer else { throw .invalid(key, dictionary[key]) }
            return number
        }
        let unknown = dictionary.keys.filter { !Self.validKeys.contains($0) }.sorted()
        guard !validating || unknown.isEmpty else {
            let keys = unknown.joined(separator: ",")
            throw JaegerError(.invalidConfiguration, "Unexpected keys found in config: \(keys)")
        }
        let name = dictionary["service_name"] == nil ? serviceName : setting("service_name").string
        guard let name, !name.isEmpty else {
            throw JaegerError(.invalidConfiguration, "service_name required in the config or param")
        }
        self.init(serviceName: name)
        isEnabled = dictionary["enabled"] == nil || setting("enabled").bool(default: true)
        logsSpans = dictionary["logging"] != nil && setting("logging").bool(default: false)
        sampler = try Self.sampler(setting("sampler"))
        func seconds(_ key: String) -> Duration? { setting(key).double.flatMap { Duration(boundedSeconds: $0) } }
        samplingRefreshInterval = seconds("sampling_refresh_interval") ?? samplingRefreshInterval
        maxOperations = setting("max_operations").integer ?? maxOperations
        reporting.batchSize = try whole("reporter_batch_size", else: reporting.batchSize)
        reporting.queueCapacity = try whole("reporter_queue_size", else: reporting.queueCapacity)
        reporting.flushInterval = seconds("reporter_flush_interval") ?? reporting.flushInterval
        options.maxTagValueLength = try whole("max_tag_value_length", else: options.maxTagValueLength)
        options.maxTracebackLength = try whole("max_traceback_length", else: options.maxTracebackLength)
        options.headers.traceID = text("trace_id_header", else: options.headers.traceID)
        options.headers.baggagePrefix = text("baggage_header_prefix", else: options.headers.baggagePrefix)
        options.headers.debugID = text("debug_id_header", else: options.headers.debugID)
        options.uses128BitTraceIDs =
            dictionary["generate_128bit_trace_id"] == nil
            ? environment["JAEGER_TRACEID_128BIT"] == "true"
            : setting("generate_128bit_trace_id").bool(default: false)
        readAgent(setting("local_agent"), environment)
        try readTags(setting("tags"), environment)
        if setting("propagation").string == "b3" {
            options.codecs[.httpHeaders] = B3Codec(writes128Bits: options.uses128BitTraceIDs)
        }
        if case .dictionary(let given) = setting("throttler") {
            var throttling = Throttling()
            throttling.port = Setting(given["port"]).port ?? throttling.port
            if let seconds = Setting(given["refresh_interval"]).integer {
                throttling.refreshInterval = .seconds(seconds)
            }
            self.throttling = throttling
        }
    }

    private static func sampler(_ setting: Setting) throws(JaegerError) -> SamplerChoice {
        guard case .dictionary(let given) = setting else { return .remote(initialRate: 0.001) }
        return try sampler(type: Setting(given["type"]).string ?? "", parameter: Setting(given["param"]))
    }

    static func sampler(type: String, parameter: Setting) throws(JaegerError) -> SamplerChoice {
        switch type {
        case "const": return .const(parameter.bool(default: false))
        case "": return .remote(initialRate: 0.001)
        case "remote": return .remote(initialRate: parameter.double ?? 0.001)
        case "probabilistic", "ratelimiting", "rate_limiting":
            guard let number = parameter.double else { throw .invalid("param of the sampler", parameter) }
            if type == "probabilistic" {
                _ = try ProbabilisticSampler(rate: number)
                return .probabilistic(number)
            }
            _ = try RateLimitingSampler(maxTracesPerSecond: number)
            return .rateLimiting(number)
        default: throw JaegerError(.invalidConfiguration, "Unknown sampler type \(type)")
        }
    }

    private mutating func readAgent(_ setting: Setting, _ environment: [String: String]) {
        var given: [String: Any] = [:]
        if case .dictionary(let dictionary) = setting { given = dictionary }
        let variable = environment["JAEGER_AGENT_PORT"].flatMap { Setting($0).port }
        destination = .agent(
            host: Setting(given["reporting_host"]).string ?? environment["JAEGER_AGENT_HOST"] ?? "localhost",
            port: Setting(given["reporting_port"]).port ?? variable ?? 6831
        )
        samplingPort = Setting(given["sampling_port"]).port ?? samplingPort
    }

    private mutating func readTags(_ setting: Setting, _ environment: [String: String]) throws(JaegerError) {
        if case .dictionary(let given) = setting {
            for key in given.keys.sorted() { options.tags[key] = Setting(given[key]).fieldValue }
        }
        guard let list = environment["JAEGER_TAGS"], !list.isEmpty else { return }
        for item in list.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = item.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw .invalid("JAEGER_TAGS", list) }
            options.tags[String(parts[0].trimmingBlanks)] = .string(String(parts[1].trimmingBlanks))
        }
    }
}

extension Setting {
    var port: UInt16? { integer.flatMap { UInt16(exactly: $0) } }
}

extension JaegerError {
    static func invalid(_ key: String, _ value: Any?) -> JaegerError {
        let text = value.map { "\($0)" } ?? "nothing"
        return JaegerError(.invalidConfiguration, "\(key) cannot be read: \"\(text.prefix(200))\"")
    }
}
