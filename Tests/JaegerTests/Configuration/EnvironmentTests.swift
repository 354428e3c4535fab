import Foundation
import Jaeger
import OpenTracing
import Testing

/// The variables of Jaeger's clients and of OpenTelemetry.
@Suite(.timeLimit(.minutes(1)))
struct EnvironmentTests {
    @Test func defaults() throws {
        let configuration = try JaegerConfiguration(environment: [:], serviceName: "dice")
        #expect(configuration.serviceName == "dice")
        #expect(configuration.isEnabled && !configuration.logsSpans)
        #expect(address(configuration) == "localhost:6831")
        #expect(throws: JaegerError.self) { try JaegerConfiguration(environment: [:]) }
    }

    @Test(arguments: [
        (["JAEGER_HOST": "a"], "a:6831"), (["JAEGER_HOST": "a", "JAEGER_AGENT_HOST": "b"], "b:6831"),
        (["JAEGER_AGENT_PORT": "7"], "localhost:7"), (["JAEGER_HOST": "a", "JAEGER_AGENT_PORT": "7"], "a:7"),
        (["JAEGER_ENDPOINT": "http://c:1/x", "JAEGER_HOST": "a"], "http://c:1/x"),
        (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://d:4318"], "http://d:4318/v1/traces"),
        (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://d:4318/"], "http://d:4318/v1/traces"),
        (["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://d/x"], "http://d/x"),
        (["OTEL_TRACES_EXPORTER": "otlp"], "http://localhost:4318/v1/traces"),
        (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://d", "JAEGER_HOST": "a"], "a:6831"),
        (["OTEL_TRACES_EXPORTER": "none"], "nowhere"),
    ])
    func destinations(_ environment: [String: String], _ expected: String) throws {
        #expect(address(try JaegerConfiguration(environment: environment, serviceName: "dice")) == expected)
    }

    @Test func jaegerVariables() throws {
        let configuration = try JaegerConfiguration(environment: [
            "JAEGER_SERVICE_NAME": "svc", "OTEL_SERVICE_NAME": "other", "JAEGER_REPORTER_LOG_SPANS": "true",
            "JAEGER_REPORTER_MAX_QUEUE_SIZE": "7", "JAEGER_REPORTER_FLUSH_INTERVAL": "1m0.5s",
            "JAEGER_SAMPLER_TYPE": "const", "JAEGER_SAMPLER_PARAM": "1", "JAEGER_SAMPLER_MAX_OPERATIONS": "3",
            "JAEGER_SAMPLER_REFRESH_INTERVAL": "500ms", "JAEGER_SAMPLING_ENDPOINT": "http://s/x",
            "JAEGER_TAGS": "a=b, c = ${HOME:x} ,d=${NOTHING:y},e=f=g", "HOME": "/root", "JAEGER_TRACEID_128BIT": "true",
            "JAEGER_DISABLED": "true",
        ])
        #expect(configuration.serviceName == "svc")
        #expect(configuration.logsSpans && !configuration.isEnabled && configuration.options.uses128BitTraceIDs)
        #expect(configuration.reporting.queueCapacity == 7 && configuration.reporting.batchSize == 7)
        #expect(configuration.reporting.flushInterval == .seconds(60.5))
        #expect(configuration.samplingRefreshInterval == .milliseconds(500))
        #expect(configuration.maxOperations == 3)
        #expect(configuration.samplingEndpoint == "http://s/x")
        #expect(configuration.options.tags == ["a": "b", "c": "/root", "d": "y", "e": "f=g"])
        guard case .const(true) = configuration.sampler else { throw Unexpected() }
        #expect(try configuration.makeTracer().isNoop)
    }

    @Test func openTelemetryVariables() throws {
        let configuration = try JaegerConfiguration(environment: [
            "OTEL_RESOURCE_ATTRIBUTES": "service.name=a,k=v%20w", "OTEL_SERVICE_NAME": "svc",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://d", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json", "OTEL_EXPORTER_OTLP_HEADERS": "x=1,y=a%2Cb",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "2500", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25",
            "OTEL_PROPAGATORS": "tracecontext,baggage,jaeger", "OTEL_BSP_SCHEDULE_DELAY": "5000",
            "OTEL_BSP_MAX_QUEUE_SIZE": "2048", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "512",
        ])
        #expect(configuration.serviceName == "svc")
        #expect(configuration.options.tags == ["k": "v w"])
        guard case .otlp(_, let sending) = configuration.destination,
            case .probabilistic(0.25) = configuration.sampler
        else { throw Unexpected() }
        #expect(sending.encoding == .json && sending.compresses)
        #expect(sending.headers == ["x": "1", "y": "a,b"])
        #expect(sending.timeout == .milliseconds(2_500))
        #expect(configuration.reporting.flushInterval == .seconds(5))
        #expect(configuration.reporting.queueCapacity == 2_048 && configuration.reporting.batchSize == 512)

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

    @Test(arguments: [
        ["JAEGER_AGENT_PORT": "x"], ["JAEGER_DISABLED": "maybe"], ["JAEGER_ENDPOINT": "nowhere"],
        ["JAEGER_ENDPOINT": "http://c/x", "JAEGER_USER": "me"], ["JAEGER_REPORTER_FLUSH_INTERVAL": "soon"],
        ["JAEGER_SAMPLER_TYPE": "const2"], ["JAEGER_SAMPLER_TYPE": "probabilistic", "JAEGER_SAMPLER_PARAM": "2"],
        ["JAEGER_REPORTER_MAX_QUEUE_SIZE": "many"], ["JAEGER_TAGS": "a"], ["OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"],
        ["OTEL_TRACES_SAMPLER": "some"], ["OTEL_PROPAGATORS": "ottrace"],
        ["OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"],
    ])
    func malformed(_ environment: [String: String]) {
        #expect(throws: JaegerError.self) { try JaegerConfiguration(environment: environment, serviceName: "dice") }
    }

    @Test func globalTracer() throws {
        let place = GlobalTracer()
        var configuration = JaegerConfiguration(serviceName: "dice")
        configuration.sampler = .const(true)
        configuration.destination = .none
        configuration.options.log = .none
        #expect(try configuration.initializeTracer(in: place) is JaegerTracer)
        #expect(place.tracer is JaegerTracer)
        #expect(try configuration.initializeTracer(in: place) == nil)
    }

    private struct Unexpected: Error {}

    private func address(_ configuration: JaegerConfiguration) -> String {
        switch configuration.destination {
        case .agent(let host, let port): "\(host):\(port)"
        case .collector(let url, _), .otlp(let url, _): url.absoluteString
        case .none: "nowhere"
        case .custom: "elsewhere"
        }
    }
}
