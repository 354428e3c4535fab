public import OpenTracing

extension JaegerConfiguration {
    /// Makes the tracer: a ``JaegerTracer``, or one that does nothing when the configuration is not enabled.
    ///
    /// - Returns: the tracer.
    /// - Throws: ``JaegerError`` of code `invalidArgument` when a number is out of its range.
    public func makeTracer() throws(JaegerError) -> any Tracer {
        guard isEnabled else { return NoopTracer(scopeManager: options.scopeManager) }
        return try makeJaegerTracer()
    }

    /// Makes the tracer, and registers it as the global one, as Python's `initialize_tracer` does.
    ///
    /// - Parameter place: where to register it.
    /// - Returns: the tracer; nil, and a warning in the log, when one was registered before.
    /// - Throws: ``JaegerError`` of code `invalidArgument` when a number is out of its range.
    public func initializeTracer(in place: GlobalTracer = .shared) throws(JaegerError) -> (any Tracer)? {
        guard !place.isRegistered else {
            options.log.warning("Jaeger tracer already initialized, skipping")
            return nil
        }
        let tracer = try makeTracer()
        place.register(tracer)
        options.log.info("opentracing.tracer initialized to \(type(of: tracer))[app_name=\(serviceName)]")
        return tracer
    }

    /// Makes the tracer. When the configuration is not enabled, it hands contexts on, and samples and reports nothing.
    ///
    /// - Returns: the tracer.
    /// - Throws: ``JaegerError`` of code `invalidArgument` when a number is out of its range.
    public func makeJaegerTracer() throws(JaegerError) -> JaegerTracer {
        var options = options
        guard isEnabled else {
            options.throttler = nil
            return JaegerTracer(
                serviceName: serviceName,
                sampler: ConstSampler(false),
                reporter: NullReporter(),
                options: options
            )
        }
        if let throttling, options.throttler == nil {
            options.throttler = RemoteThrottler(
                service: serviceName,
                endpoint: "http://\(agentHost):\(throttling.port)/credits",
                refreshInterval: throttling.refreshInterval,
                metrics: options.metrics,
                log: options.log
            )
        }
        let (sampler, reporter) = (try makeSampler(), try makeReporter())
        options.log.info("Initializing Jaeger Tracer with \(destination.name) reporter")
        options.log.info("Using sampler \(self.sampler)")
        return JaegerTracer(serviceName: serviceName, sampler: sampler, reporter: reporter, options: options)
    }

    var agentHost: String { if case .agent(let host, _) = destination { host } else { "localhost" } }

    package func makeSampler() throws(JaegerError) -> any Sampler {
        switch sampler {
        case .const(let decision): return ConstSampler(decision)
        case .probabilistic(let rate): return try ProbabilisticSampler(rate: rate)
        case .rateLimiting(let rate): return try RateLimitingSampler(maxTracesPerSecond: rate)
        case .custom(let sampler): return sampler
        case .remote(let rate):
            var remote = RemoteSampler.Options()
            remote.endpoint = samplingEndpoint ?? "http://\(agentHost):\(samplingPort)/sampling"
            remote.refreshInterval = samplingRefreshInterval
            remote.maxOperations = maxOperations
            remote.initialSampler = try ProbabilisticSampler(rate: rate)
            return RemoteSampler(
                service: serviceName,
                options: remote,
                metrics: options.metrics,
                log: options.log
            )
        }
    }

    private func makeReporter() throws(JaegerError) -> any Reporter {
        let sender: any SpanSender
        switch destination {
        case .agent(let host, let port): sender = UDPSender(host: host, port: port)
        case .collector(let url, let user): sender = ThriftHTTPSender(url: url, user: user)
        case .otlp(let url, let options): sender = OTLPSender(url: url, options: options)
        case .custom(let custom): sender = custom
        case .none: return logsSpans ? LoggingReporter(log: options.log) : NullReporter()
        }
        let reporter = try RemoteReporter(sender, options: reporting, metrics: options.metrics, log: options.log)
        return logsSpans ? CompositeReporter(reporter, LoggingReporter(log: options.log)) : reporter
    }
}

extension JaegerConfiguration.Destination {
    /// The way that spans go, as Python's client calls it where it has it.
    fileprivate var name: String {
        switch self {
        case .agent: "UDP"
        case .collector: "HTTP"
        case .otlp: "OTLP"
        case .custom: "custom"
        case .none: "no"
        }
    }
}

extension JaegerConfiguration.SamplerChoice: CustomStringConvertible {
    /// The sampler and its rate, as Python's client writes them.
    public var description: String {
        switch self {
        case .const(let decision): "ConstSampler(\(decision))"
        case .probabilistic(let rate): "ProbabilisticSampler(\(rate))"
        case .rateLimiting(let rate): "RateLimitingSampler(\(rate))"
        case .remote(let rate): "RemoteSampler(\(rate))"
        case .custom(let sampler): "\(type(of: sampler))"
        }
    }
}
