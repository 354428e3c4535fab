import Foundation
import Jaeger
import OpenTracing
import Synchronization
import Testing

/// The variables of Jaeger's clients, and how they stand to OpenTelemetry's.
@Suite(.timeLimit(.minutes(1)))
struct EnvironmentTests {
    @Test func defaults() throws {
        let configuration = try JaegerConfiguration(environment: [:], serviceName: "dice")
        #expect(configuration.serviceName == "dice")
        #expect(configuration.isEnabled && !configuration.logsSpans)
        #expect(configuration.address == "localhost:6831")
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
        (["OTEL_TRACES_EXPORTER": "NONE", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://d"], "nowhere"),
        (["OTEL_TRACES_EXPORTER": "console", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://d"], "nowhere"),
        (["OTEL_TRACES_EXPORTER": "none", "JAEGER_HOST": "a"], "a:6831"),
        (["OTEL_TRACES_EXPORTER": "console, otlp"], "http://localhost:4318/v1/traces"),
        (["OTEL_EXPORTER_OTLP_ENDPOINT": "HTTPS://d/base/?key=x"], "HTTPS://d/base/v1/traces?key=x"),
    ])
    func destinations(_ environment: [String: String], _ expected: String) throws {
        #expect(try JaegerConfiguration(environment: environment, serviceName: "dice").address == expected)
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

    @Test(arguments: [
        ["JAEGER_AGENT_PORT": "x"], ["JAEGER_DISABLED": "maybe"], ["JAEGER_ENDPOINT": "nowhere"],
        ["JAEGER_ENDPOINT": "http://c/x", "JAEGER_USER": "me"], ["JAEGER_REPORTER_FLUSH_INTERVAL": "soon"],
        ["JAEGER_SAMPLER_TYPE": "const2"], ["JAEGER_SAMPLER_TYPE": "probabilistic", "JAEGER_SAMPLER_PARAM": "2"],
        ["JAEGER_REPORTER_MAX_QUEUE_SIZE": "many"], ["JAEGER_TAGS": "a"],
    ])
    func malformed(_ environment: [String: String]) {
        #expect(throws: JaegerError.self) { try JaegerConfiguration(environment: environment, serviceName: "dice") }
    }

    /// Times beyond all bounds do not trap.
    @Test func longDurations() throws {
        let text = String(repeating: "9", count: 400)
        let configuration = try JaegerConfiguration(
            environment: ["JAEGER_REPORTER_FLUSH_INTERVAL": "\(text)h", "JAEGER_SAMPLER_REFRESH_INTERVAL": "0"],
            serviceName: "dice"
        )
        #expect(configuration.reporting.flushInterval > .seconds(86_400))
        let settings: [String: Any] = [
            "reporter_flush_interval": Double.infinity, "sampling_refresh_interval": Double.nan,
        ]
        _ = try JaegerConfiguration(settings, serviceName: "dice", environment: [:])
    }

    @Test func globalTracer() throws {
        let place = GlobalTracer()
        var configuration = JaegerConfiguration(serviceName: "dice")
        configuration.sampler = .const(true)
        configuration.destination = .none
        let lines = Mutex<[String]>([])
        configuration.options.log = JaegerLog { level, line in lines.withLock { $0.append("\(level) \(line)") } }
        #expect(try configuration.initializeTracer(in: place) is JaegerTracer)
        #expect(place.tracer is JaegerTracer)
        #expect(try configuration.initializeTracer(in: place) == nil)
        configuration.destination = .agent(host: "localhost", port: 6831)
        configuration.sampler = .probabilistic(0.5)
        _ = try configuration.makeJaegerTracer()
        let logged = lines.withLock { $0 }
        #expect(
            logged == [
                "info Initializing Jaeger Tracer with no reporter", "info Using sampler ConstSampler(true)",
                "info opentracing.tracer initialized to JaegerTracer[app_name=dice]",
                "warning Jaeger tracer already initialized, skipping",
                "info Initializing Jaeger Tracer with UDP reporter", "info Using sampler ProbabilisticSampler(0.5)",
            ]
        )
    }

    private struct Unexpected: Error {}
}

extension JaegerConfiguration {
    var address: String {
        switch destination {
        case .agent(let host, let port): "\(host):\(port)"
        case .collector(let url, _), .otlp(let url, _): url.absoluteString
        case .none: "nowhere"
        case .custom: "elsewhere"
        }
    }
}
