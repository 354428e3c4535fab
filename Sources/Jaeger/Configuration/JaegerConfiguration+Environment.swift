public import Foundation
import OpenTracing

extension JaegerConfiguration {
    /// Reads the variables of the environment.
    ///
    /// Those of Jaeger's clients go first: `JAEGER_SERVICE_NAME`, `JAEGER_AGENT_HOST` (or `JAEGER_HOST`),
    /// `JAEGER_AGENT_PORT`, `JAEGER_ENDPOINT`, `JAEGER_USER`, `JAEGER_PASSWORD`, `JAEGER_REPORTER_LOG_SPANS`,
    /// `JAEGER_REPORTER_MAX_QUEUE_SIZE`, `JAEGER_REPORTER_FLUSH_INTERVAL`, `JAEGER_SAMPLER_TYPE`,
    /// `JAEGER_SAMPLER_PARAM`, `JAEGER_SAMPLER_MAX_OPERATIONS`, `JAEGER_SAMPLER_REFRESH_INTERVAL`,
    /// `JAEGER_SAMPLING_ENDPOINT`, `JAEGER_TAGS`, `JAEGER_TRACEID_128BIT`, `JAEGER_DISABLED`. What they leave open,
    /// OpenTelemetry's say, by the rules of its specification: `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
    /// `OTEL_TRACES_EXPORTER`, `OTEL_EXPORTER_OTLP_…`, `OTEL_TRACES_SAMPLER`, `OTEL_PROPAGATORS`, `OTEL_SDK_DISABLED`,
    /// `OTEL_BSP_…`, `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`. What of these cannot be read or is not to be had here is
    /// logged as a warning, and ignored.
    ///
    /// When OpenTelemetry's variables say where spans go, its defaults hold instead of Jaeger's: each trace is kept unless
    /// its caller decided otherwise, the headers are `traceparent`, `tracestate` and `baggage`, and 2,048 spans may wait to
    /// be sent 512 at once or after 5 seconds.
    ///
    /// - Parameters:
    ///   - environment: the variables.
    ///   - serviceName: the service's name, when no variable has it.
    ///   - log: where warnings go, and the tracer's own messages.
    /// - Throws: ``JaegerError`` of code `invalidConfiguration` that names the variable, one of Jaeger's.
    public init(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        serviceName: String? = nil,
        log: JaegerLog = .standardError
    ) throws(JaegerError) {
        let variables = Variables(environment)
        self.init(serviceName: serviceName ?? "")
        options.log = log
        let destinations = ["JAEGER_ENDPOINT", "JAEGER_AGENT_HOST", "JAEGER_HOST", "JAEGER_AGENT_PORT"]
        readOpenTelemetry(
            OpenTelemetryVariables(variables, log: log),
            isDestined: variables[first: destinations] != nil
        )
        try readJaeger(variables)
        guard !self.serviceName.isEmpty else {
            let names = "JAEGER_SERVICE_NAME or OTEL_SERVICE_NAME"
            throw JaegerError(.invalidConfiguration, "the service has no name: set \(names)")
        }
    }

    private mutating func readJaeger(_ variables: Variables) throws(JaegerError) {
        serviceName = variables["JAEGER_SERVICE_NAME"] ?? serviceName
        if let isDisabled = try variables.bool("JAEGER_DISABLED") { isEnabled = !isDisabled }
        if let logs = try variables.bool("JAEGER_REPORTER_LOG_SPANS") { logsSpans = logs }
        if let size = try variables.integer("JAEGER_REPORTER_MAX_QUEUE_SIZE") { reporting.setQueueCapacity(size) }
        if let interval = try variables.duration("JAEGER_REPORTER_FLUSH_INTERVAL") {
            reporting.flushInterval = interval
        }
        if let is128Bit = try variables.bool("JAEGER_TRACEID_128BIT") { options.uses128BitTraceIDs = is128Bit }
        if let count = try variables.integer("JAEGER_SAMPLER_MAX_OPERATIONS") { maxOperations = count }
        if let interval = try variables.duration("JAEGER_SAMPLER_REFRESH_INTERVAL") {
            samplingRefreshInterval = interval
        }
        samplingEndpoint = variables["JAEGER_SAMPLING_ENDPOINT"] ?? samplingEndpoint
        if let type = variables["JAEGER_SAMPLER_TYPE"] {
            sampler = try Self.sampler(type: type, parameter: Setting(variables["JAEGER_SAMPLER_PARAM"]))
            options.followsParentDecision = true
        }
        try readTags(variables)
        try readDestination(variables)
    }

    private mutating func readDestination(_ variables: Variables) throws(JaegerError) {
        if let endpoint = variables["JAEGER_ENDPOINT"] {
            guard let url = URL(string: endpoint), url.host != nil else { throw .invalid("JAEGER_ENDPOINT", endpoint) }
            let (name, password) = (variables["JAEGER_USER"], variables["JAEGER_PASSWORD"])
            guard (name == nil) == (password == nil) else {
                let text = "JAEGER_USER and JAEGER_PASSWORD are needed both, or none"
                throw JaegerError(.invalidConfiguration, text)
            }
            destination = .collector(url, user: name.flatMap { name in password.map { (name, $0) } })
            return
        }
        let host = variables["JAEGER_AGENT_HOST"] ?? variables["JAEGER_HOST"]
        let port = variables["JAEGER_AGENT_PORT"]
        guard host != nil || port != nil else { return }
        let number = port.flatMap { UInt16($0) } ?? (port == nil ? 6831 : nil)
        guard let number else { throw .invalid("JAEGER_AGENT_PORT", port) }
        destination = .agent(host: host ?? "localhost", port: number)
    }

    /// `k=v,k=v`, where `${NAME:default}` as a value is that of another variable.
    private mutating func readTags(_ variables: Variables) throws(JaegerError) {
        guard let list = variables["JAEGER_TAGS"] else { return }
        for item in list.split(separator: ",") {
            guard let equals = item.firstIndex(of: "=") else { throw .invalid("JAEGER_TAGS", list) }
            let value = String(item[item.index(after: equals)...].trimmingBlanks)
            options.tags[String(item[..<equals].trimmingBlanks)] = .string(variables.expand(value))
        }
    }
}

extension RemoteReporter.Options {
    /// Sets how many spans may wait; batches shrink when they would not fit.
    mutating func setQueueCapacity(_ capacity: Int) {
        queueCapacity = max(1, capacity)
        batchSize = min(batchSize, queueCapacity)
    }
}
