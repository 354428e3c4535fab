public import Foundation

/// How a tracer is made.
///
///     var configuration = JaegerConfiguration(serviceName: "dice")
///     configuration.sampler = .const(true)
///     configuration.destination = .agent(host: "localhost", port: 6831)
///     let tracer = try configuration.makeTracer()
///
/// There are also the dictionary of Jaeger's client for Python (``init(_:serviceName:validating:environment:)``) and the
/// variables of the environment (``init(environment:serviceName:log:)``).
public struct JaegerConfiguration: Sendable {
    /// What decides which traces are reported.
    public enum SamplerChoice: Sendable {
        /// Each trace, or none.
        case const(Bool)
        /// A share of the traces, from 0 to 1.
        case probabilistic(Double)
        /// So many traces in a second.
        case rateLimiting(Double)
        /// As Jaeger's backend says; until it does, a share of the traces.
        case remote(initialRate: Double)
        /// A sampler of your own.
        case custom(any Sampler)
    }

    /// Where spans go.
    public enum Destination: Sendable {
        /// Jaeger's agent or Jaeger 2, as compact Thrift over UDP.
        case agent(host: String, port: UInt16)
        /// Jaeger's collector, as binary Thrift over HTTP.
        case collector(URL, user: (name: String, password: String)?)
        /// A collector of OpenTelemetry or Jaeger 2, over HTTP.
        case otlp(URL, OTLPSender.Options)
        /// A sender of your own.
        case custom(any SpanSender)
        /// Nowhere.
        case none
    }

    /// Limits who may force a trace.
    public struct Throttling: Sendable, Equatable {
        /// The agent's port.
        public var port: UInt16 = 5778
        /// How long to wait between two questions for credits.
        public var refreshInterval: Duration = .seconds(5)

        /// The defaults.
        public init() {}
    }

    /// The service's name.
    public var serviceName: String
    /// Whether spans are made; without, the tracer does nothing.
    public var isEnabled = true
    /// Whether a line is logged for each reported span. Failures are logged in any case.
    public var logsSpans = false
    /// What decides which traces are reported.
    public var sampler = SamplerChoice.remote(initialRate: 0.001)
    /// What to ask how to sample; nil: the agent's host at ``samplingPort``.
    public var samplingEndpoint: String?
    /// The port of the agent that is asked how to sample.
    public var samplingPort: UInt16 = 5778
    /// How long to wait between two questions how to sample.
    public var samplingRefreshInterval: Duration = .seconds(60)
    /// How many operations get a rate of their own when they are first seen.
    public var maxOperations = 2000
    /// Where spans go.
    public var destination = Destination.agent(host: "localhost", port: 6831)
    /// How spans are collected.
    public var reporting = RemoteReporter.Options()
    /// Limits who may force a trace; nil: all may.
    public var throttling: Throttling?
    /// How the tracer works in all else.
    public var options = JaegerTracerOptions()

    /// Makes a configuration with Jaeger's defaults.
    public init(serviceName: String) { self.serviceName = serviceName }
}
