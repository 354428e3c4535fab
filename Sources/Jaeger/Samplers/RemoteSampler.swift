import Synchronization

/// Asks Jaeger's backend how to sample, again and again. Until it answers, and while it does not, the sampler before
/// stays.
public final class RemoteSampler: Sampler {
    /// How the backend is asked.
    public struct Options: Sendable {
        /// What to ask; the query `service` is appended.
        public var endpoint = "http://localhost:5778/sampling"
        /// How long to wait between two questions.
        public var refreshInterval: Duration = .seconds(60)
        /// How many operations get a rate of their own when they are first seen.
        public var maxOperations = 2000
        /// What decides before the first answer.
        public var initialSampler: any Sampler = ProbabilisticSampler.default

        /// The defaults.
        public init() {}
    }

    private let sampler: Mutex<any Sampler>
    private let options: Options
    private let clock: SamplerClock
    private let metrics: JaegerMetrics
    private let log: JaegerLog
    private let poller: Poller

    /// Makes a sampler, and begins to ask after a random part of the interval.
    ///
    /// - Parameters:
    ///   - service: the service's name.
    ///   - options: how the backend is asked.
    ///   - metrics: counts questions and changes.
    ///   - log: is told of failures.
    public convenience init(
        service: String,
        options: Options = Options(),
        metrics: JaegerMetrics = JaegerMetrics(),
        log: JaegerLog = .standardError
    ) {
        self.init(service: service, options: options, metrics: metrics, log: log, clock: .system)
        poller.start { [weak self] body in self?.take(body) }
    }

    package init(
        service: String,
        options: Options,
        metrics: JaegerMetrics,
        log: JaegerLog,
        clock: SamplerClock,
        transport: any HTTPTransport = URLSessionTransport.shared
    ) {
        self.options = options
        self.clock = clock
        self.metrics = metrics
        self.log = log
        sampler = Mutex(options.initialSampler)
        let url = Poller.url(options.endpoint, query: [("service", service)])
        poller = Poller(interval: options.refreshInterval, transport: transport, log: log) { url }
    }

    deinit { poller.stop() }

    /// What decides now.
    public var current: any Sampler { sampler.withLock { $0 } }

    /// The decision.
    public func decide(traceID: UInt128, operation: String) -> SamplingDecision {
        current.decide(traceID: traceID, operation: operation)
    }

    /// Asks no more.
    public func close() { poller.stop() }

    /// Takes the body of an answer; nil when there was none.
    package func take(_ body: [UInt8]?) {
        guard let body, SamplingAnswer.isJSON(body) else { return metrics.samplerQueryFailed.add() }
        metrics.samplerQueried.add()
        do throws(JaegerError) {
            if try change(to: SamplingStrategy(SamplingAnswer(json: body))) { metrics.samplerUpdated.add() }
        } catch {
            metrics.samplerUpdateFailed.add()
            log.warning("\(error)")
        }
    }

    private func change(to strategy: SamplingStrategy) throws(JaegerError) -> Bool {
        let current = current
        let next: any Sampler
        switch strategy {
        case .probabilistic(let rate):
            if let sampler = current as? ProbabilisticSampler, sampler.rate == rate { return false }
            next = try ProbabilisticSampler(rate: rate)
        case .rateLimiting(let rate):
            if let sampler = current as? RateLimitingSampler { return try sampler.update(maxTracesPerSecond: rate) }
            next = try RateLimitingSampler(maxTracesPerSecond: rate, clock: clock)
        case .perOperation(let strategies):
            if let sampler = current as? AdaptiveSampler {
                try sampler.update(strategies)
                return true
            }
            next = try AdaptiveSampler(strategies, maxOperations: options.maxOperations, clock: clock)
        }
        sampler.withLock { $0 = next }
        return true
    }
}
