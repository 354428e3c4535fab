import Foundation
import Jaeger
import OpenTracing
import Synchronization
import Testing

/// OpenTelemetry's variables, by its specification of the environment.
@Suite(.timeLimit(.minutes(1)))
struct OpenTelemetryVariablesTests {
    private static let exporting = ["OTEL_SERVICE_NAME": "svc", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://d"]

    @Test func allVariables() throws {
        let configuration = try JaegerConfiguration(environment: [
            "OTEL_RESOURCE_ATTRIBUTES": "service.name=a,k=v%20w,%C3%A9=%3D%2C", "OTEL_SERVICE_NAME": "svc",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://d", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json", "OTEL_EXPORTER_OTLP_HEADERS": "x=1,y=a%2Cb",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "2500", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25",
            "OTEL_PROPAGATORS": "tracecontext,baggage,jaeger", "OTEL_BSP_SCHEDULE_DELAY": "5000",
            "OTEL_BSP_MAX_QUEUE_SIZE": "1000", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "100",
            "OTEL_BSP_EXPORT_TIMEOUT": "7000", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "99",
            "OTEL_ATTRIBUTE_COUNT_LIMIT": "9", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "8",
            "OTEL_SPAN_EVENT_COUNT_LIMIT": "7",
            "OTEL_SPAN_LINK_COUNT_LIMIT": "6", "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT": "5",
        ])
        #expect(configuration.serviceName == "svc")
        #expect(configuration.options.tags == ["k": "v w", "é": "=,"])
        guard case .otlp(_, let sending) = configuration.destination,
            case .probabilistic(0.25) = configuration.sampler
        else { throw Unexpected() }
        #expect(sending.encoding == .json && sending.compresses)
        #expect(sending.headers == ["x": "1", "y": "a,b"])
        #expect(sending.timeout == .milliseconds(2_500))
        #expect(configuration.reporting.flushInterval == .seconds(5))
        #expect(configuration.reporting.queueCapacity == 1_000 && configuration.reporting.batchSize == 100)
        #expect(configuration.reporting.exportTimeout == .seconds(7))
        #expect(configuration.options.maxTagValueLength == 99)
        #expect(configuration.options.maxTagCount == 8 && configuration.options.maxLogFieldCount == 9)
        #expect(configuration.options.maxLogCount == 7 && configuration.options.maxReferenceCount == 6)

        let tracer = try configuration.makeJaegerTracer()
        let context = JaegerSpanContext(traceID: 5, spanID: 6, flags: .sampled, baggage: ["k": "v w"])
        var headers: [String: String] = [:]
        try tracer.inject(context, as: .httpHeaders, into: &headers)
        #expect(
            headers == [
                "traceparent": "00-00000000000000000000000000000005-0000000000000006-01", "baggage": "k=v%20w",
                "uber-trace-id": "5:6:0:1", "uberctx-k": "v%20w",
            ]
        )
        #expect(try tracer.extract(.httpHeaders, from: headers) as? JaegerSpanContext == context)
    }

    /// A name and an endpoint are enough: each trace is sent, in OpenTelemetry's batches and with its headers.
    @Test func defaults() throws {
        let (configuration, warnings) = try read(Self.exporting)
        #expect(warnings.isEmpty)
        guard case .const(true) = configuration.sampler else { throw Unexpected() }
        #expect(configuration.reporting.queueCapacity == 2_048 && configuration.reporting.batchSize == 512)
        #expect(configuration.reporting.flushInterval == .seconds(5))
        #expect(configuration.reporting.exportTimeout == .seconds(30))
        #expect(try headers(configuration) == ["baggage", "traceparent"])
        // Where Jaeger's variables say where spans go, its own defaults stay.
        let (other, _) = try read(Self.exporting.merging(["JAEGER_HOST": "a"]) { $1 })
        guard case .remote(0.001) = other.sampler else { throw Unexpected() }
        #expect(other.reporting.queueCapacity == 100)
        #expect(try headers(other) == ["uber-trace-id", "uberctx-k"])
        let (unnamed, _) = try read(["OTEL_TRACES_EXPORTER": "otlp"])
        #expect(unnamed.serviceName.hasPrefix("unknown_service:"))
    }

    /// What cannot be read, or is not to be had here, is told without its value, and is as if it were not set.
    @Test(arguments: [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_COMPRESSION", "snappy-"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "-77"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "1.55s"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "secret"), ("OTEL_EXPORTER_OTLP_HEADERS", "a=secret%0d%0ab: c"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a b=secret"), ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/secret.pem"),
        ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/secret.pem"), ("OTEL_BSP_SCHEDULE_DELAY", "-77"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "-77"), ("OTEL_BSP_MAX_QUEUE_SIZE", "99999999999999999999"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "zero"), ("OTEL_BSP_EXPORT_TIMEOUT", "-77"),
        ("OTEL_TRACES_SAMPLER", "sometimes"), ("OTEL_SDK_DISABLED", "yes"), ("OTEL_RESOURCE_ATTRIBUTES", "k%zz=secret"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=b,secret"), ("OTEL_RESOURCE_ATTRIBUTES", "a=%ff"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "-77"), ("OTEL_SPAN_EVENT_COUNT_LIMIT", "-77"),
        ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "0"),
        ("OTEL_TRACES_EXPORTER", "zipkin"), ("OTEL_PROPAGATORS", "ottrace"),
    ])
    func ignored(_ name: String, _ value: String) throws {
        let (configuration, warnings) = try read(Self.exporting.merging([name: value]) { $1 })
        let warning = try #require(warnings.first)
        #expect(warnings.count == 1 && warning.hasPrefix("\(name) is ignored: "), "\(warnings)")
        #expect(!warning.contains("secret") && !warning.contains("77"))
        let (untouched, _) = try read(Self.exporting)
        #expect(String(describing: configuration.destination) == String(describing: untouched.destination))
        #expect(String(describing: configuration.sampler) == String(describing: untouched.sampler))
        #expect(configuration.isEnabled && configuration.options.tags.isEmpty)
        #expect(configuration.reporting.queueCapacity == 2_048 && configuration.reporting.batchSize == 512)
        #expect(configuration.reporting.flushInterval == .seconds(5))
        #expect(configuration.reporting.exportTimeout == .seconds(30))
        #expect(configuration.options.maxTagValueLength == 1_024 && configuration.options.maxLogCount == 128)
        #expect(try headers(configuration) == ["baggage", "traceparent"])
    }

    @Test(arguments: ["nowhere", "ftp://d", "http://", "d:4318"])
    func endpointsThatAreNone(_ endpoint: String) throws {
        let (configuration, warnings) = try read(["OTEL_EXPORTER_OTLP_ENDPOINT": endpoint])
        #expect(configuration.address == "http://localhost:4318/v1/traces" && warnings.count == 1)
    }

    @Test(arguments: ["2", "-0.5", "nan", "half"])
    func ratiosThatAreNone(_ ratio: String) throws {
        let (configuration, warnings) = try read([
            "OTEL_TRACES_SAMPLER": "TraceIDRatio", "OTEL_TRACES_SAMPLER_ARG": ratio, "OTEL_SERVICE_NAME": "svc",
        ])
        guard case .probabilistic(1) = configuration.sampler else { throw Unexpected() }
        #expect(warnings.count == 1)
    }

    @Test func remoteSampler() throws {
        let (configuration, warnings) = try read([
            "OTEL_TRACES_SAMPLER": "parentbased_jaeger_remote", "OTEL_SERVICE_NAME": "svc",
            "OTEL_TRACES_SAMPLER_ARG": "endpoint=http://s:5778/x,pollingIntervalMs=0,initialSamplingRate=0.5",
        ])
        guard case .remote(0.5) = configuration.sampler else { throw Unexpected() }
        #expect(configuration.samplingEndpoint == "http://s:5778/x")
        #expect(configuration.samplingRefreshInterval == .seconds(60) && warnings.count == 1)
    }

    /// Of the parent-based samplers a parent decides, of the others the sampler itself; who asked for a trace is served.
    @Test(arguments: [
        ("always_on", [true, true, true, true]), ("ALWAYS_OFF", [false, false, false, true]),
        ("traceidratio", [true, true, true, true]), ("parentbased_always_on", [true, false, true, true]),
        ("parentbased_always_off", [false, false, true, true]),
        ("ParentBased_TraceIDRatio", [true, false, true, true]),
    ])
    func samplersUnderAParent(_ name: String, _ expected: [Bool]) throws {
        let (configuration, _) = try read(Self.exporting.merging(["OTEL_TRACES_SAMPLER": name]) { $1 })
        let tracer = try configuration.makeJaegerTracer()
        let parents: [SpanFlags?] = [nil, [], .sampled, [.sampled, .debug]]
        let found = parents.map { flags in
            let parent = flags.map { JaegerSpanContext(traceID: 5, spanID: 6, flags: $0) }
            let span = tracer.startSpan("roll", childOf: parent)
            let child = tracer.startSpan("throw", childOf: span)
            #expect(child.isRecording == span.isRecording)
            return span.isRecording
        }
        #expect(found == expected)
    }

    @Test(arguments: [("true", false), ("TRUE", false), ("false", true), ("1", true), ("", true)])
    func disabling(_ value: String, _ isEnabled: Bool) throws {
        let (configuration, _) = try read(Self.exporting.merging(["OTEL_SDK_DISABLED": value]) { $1 })
        #expect(configuration.isEnabled == isEnabled)
        #expect(try configuration.makeTracer().isNoop == !isEnabled)
        let tracer = try configuration.makeJaegerTracer()
        #expect(tracer.startSpan("roll").isRecording == isEnabled)
        #expect(tracer.reporter is NullReporter == !isEnabled)
    }

    @Test func propagators() throws {
        for (list, expected) in [
            ("none", []), ("Jaeger,TraceContext,jaeger", ["traceparent", "uber-trace-id", "uberctx-k"]),
            ("b3, xray", ["b3"]),
        ] {
            let (configuration, _) = try read(Self.exporting.merging(["OTEL_PROPAGATORS": list]) { $1 })
            #expect(try headers(configuration) == expected)
        }
    }

    /// Zero means without a limit; a delay of zero sends at once, and not when there are enough spans for a batch.
    @Test func zeros() throws {
        let (configuration, warnings) = try read(
            Self.exporting.merging([
                "OTEL_EXPORTER_OTLP_TIMEOUT": "0", "OTEL_BSP_EXPORT_TIMEOUT": "0", "OTEL_BSP_SCHEDULE_DELAY": "0",
            ]) { $1 }
        )
        #expect(warnings.isEmpty)
        guard case .otlp(_, let sending) = configuration.destination else { throw Unexpected() }
        #expect(sending.timeout > .seconds(86_400) && configuration.reporting.exportTimeout > .seconds(86_400))
        #expect(configuration.reporting.flushInterval == .milliseconds(1))
    }

    private struct Unexpected: Error {}

    private func read(_ environment: [String: String]) throws -> (JaegerConfiguration, warnings: [String]) {
        let lines = Mutex<[String]>([])
        let log = JaegerLog { _, line in lines.withLock { $0.append(line) } }
        let configuration = try JaegerConfiguration(environment: environment, log: log)
        return (configuration, lines.withLock { $0 })
    }

    /// The headers that a context of the tracer is written to.
    private func headers(_ configuration: JaegerConfiguration) throws -> [String] {
        let context = JaegerSpanContext(traceID: 5, spanID: 6, flags: .sampled, baggage: ["k": "v"])
        var headers: [String: String] = [:]
        try configuration.makeJaegerTracer().inject(context, as: .textMap, into: &headers)
        return headers.keys.sorted()
    }
}
