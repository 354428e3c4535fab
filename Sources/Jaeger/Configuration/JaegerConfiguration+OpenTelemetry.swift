import Foundation
import OpenTracing

/// OpenTelemetry's variables, by its specification of the environment.
extension JaegerConfiguration {
    /// - Parameters:
    ///   - variables: the variables.
    ///   - isDestined: whether Jaeger's variables say where spans go. They then go by Jaeger's defaults.
    mutating func readOpenTelemetry(_ variables: OpenTelemetryVariables, isDestined: Bool) {
        isEnabled = !variables.isTrue("OTEL_SDK_DISABLED")
        readResource(variables)
        let exports = readExporter(variables)
        if exports, !isDestined { useOpenTelemetryDefaults() }
        readBatches(variables)
        readSampler(variables)
        readPropagators(variables)
        readLimits(variables)
    }

    private mutating func useOpenTelemetryDefaults() {
        if serviceName.isEmpty { serviceName = "unknown_service:\(ProcessInfo.processInfo.processName)" }
        sampler = .const(true)
        reporting.queueCapacity = 2_048
        reporting.batchSize = 512
        reporting.flushInterval = .seconds(5)
        options.maxTagCount = 128
        options.maxLogCount = 128
        options.maxLogFieldCount = 128
        options.maxReferenceCount = 128
        usePropagators([TraceContextCodec(), BaggageCodec()])
    }

    private mutating func readResource(_ variables: OpenTelemetryVariables) {
        for (key, value) in variables.pairs("OTEL_RESOURCE_ATTRIBUTES") {
            if key == "service.name" { serviceName = value } else { options.tags[key] = .string(value) }
        }
        serviceName = variables["OTEL_SERVICE_NAME"] ?? serviceName
    }

    private mutating func readBatches(_ variables: OpenTelemetryVariables) {
        if let delay = variables.milliseconds("OTEL_BSP_SCHEDULE_DELAY") {
            // Zero would be: not before there are enough for a batch.
            reporting.flushInterval = max(delay, .milliseconds(1))
        }
        reporting.exportTimeout = variables.timeout("OTEL_BSP_EXPORT_TIMEOUT") ?? reporting.exportTimeout
        let size = variables.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", atLeast: 1)
        let capacity = variables.number("OTEL_BSP_MAX_QUEUE_SIZE", atLeast: 1)
        if let size {
            reporting.batchSize = size
            reporting.queueCapacity = max(reporting.queueCapacity, size)
        }
        if let capacity {
            reporting.setQueueCapacity(capacity)
            if let size, size > capacity {
                variables.warn("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "no batch is larger than OTEL_BSP_MAX_QUEUE_SIZE")
            }
        }
    }

    private mutating func readSampler(_ variables: OpenTelemetryVariables) {
        let key = "OTEL_TRACES_SAMPLER"
        guard let name = variables[key]?.lowercased() else { return }
        let isParentBased = name.hasPrefix("parentbased_")
        switch isParentBased ? String(name.dropFirst("parentbased_".count)) : name {
        case "always_on": sampler = .const(true)
        case "always_off": sampler = .const(false)
        case "traceidratio": sampler = .probabilistic(Self.ratio(variables))
        case "jaeger_remote": readRemoteSampler(variables)
        default: return variables.warn(key, "there is no such sampler here")
        }
        options.followsParentDecision = isParentBased
    }

    private static func ratio(_ variables: OpenTelemetryVariables) -> Double {
        guard let text = variables["OTEL_TRACES_SAMPLER_ARG"] else { return 1 }
        if let rate = Double(text), (0...1).contains(rate) { return rate }
        variables.warn("OTEL_TRACES_SAMPLER_ARG", "it is no number from 0 to 1")
        return 1
    }

    private mutating func readRemoteSampler(_ variables: OpenTelemetryVariables) {
        let key = "OTEL_TRACES_SAMPLER_ARG"
        var rate = ProbabilisticSampler.default.rate
        for (name, value) in variables.pairs(key) {
            switch name {
            case "endpoint" where Self.isHTTP(value): samplingEndpoint = value
            case "pollingIntervalMs" where (Int(value) ?? 0) > 0:
                samplingRefreshInterval = .milliseconds(Int(value) ?? 0).bounded
            case "initialSamplingRate" where Double(value).map((0...1).contains) == true: rate = Double(value) ?? rate
            default: variables.warn(key, "\(name.prefix(50)) is not known, or has no such value")
            }
        }
        sampler = .remote(initialRate: rate)
    }

    private mutating func readPropagators(_ variables: OpenTelemetryVariables) {
        let key = "OTEL_PROPAGATORS"
        var codecs: [(name: String, codec: any ContextCodec)] = []
        var isNone = false
        for name in variables.names(key) where !codecs.contains(where: { $0.name == name }) {
            switch name {
            case "none": isNone = true
            case "tracecontext": codecs.append((name, TraceContextCodec()))
            case "baggage": codecs.append((name, BaggageCodec()))
            case "b3": codecs.append((name, B3SingleCodec()))
            case "b3multi": codecs.append((name, B3Codec(writes128Bits: true, convention: .openTelemetry)))
            case "jaeger": codecs.append((name, TextCodec(headers: options.headers, encodesValues: true)))
            default: variables.warn(key, "\"\(name.prefix(50))\" is no propagator here")
            }
        }
        if isNone || !codecs.isEmpty { usePropagators(codecs.map(\.codec)) }
    }

    private mutating func usePropagators(_ codecs: [any ContextCodec]) {
        let codec = CompositeCodec(codecs)
        options.codecs[.httpHeaders] = codec
        options.codecs[.textMap] = codec
    }

    private mutating func readLimits(_ variables: OpenTelemetryVariables) {
        let names = ["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"]
        if let limit = names.lazy.compactMap({ variables.number($0, atLeast: 0) }).first {
            options.maxTagValueLength = limit
            options.maxTracebackLength = limit
        }
        func limit(_ name: String) -> Int? { variables.number("OTEL_\(name)_COUNT_LIMIT", atLeast: 0) }
        let common = limit("ATTRIBUTE")
        options.maxTagCount = limit("SPAN_ATTRIBUTE") ?? common ?? options.maxTagCount
        options.maxLogFieldCount = limit("EVENT_ATTRIBUTE") ?? common ?? options.maxLogFieldCount
        options.maxLogCount = limit("SPAN_EVENT") ?? options.maxLogCount
        options.maxReferenceCount = limit("SPAN_LINK") ?? options.maxReferenceCount
        if limit("LINK_ATTRIBUTE") == 0 {
            variables.warn("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "each link has one attribute, which says what it is")
        }
    }
}
