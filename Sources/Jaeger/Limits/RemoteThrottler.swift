package import Foundation
package import OpenTracing
import Synchronization

/// Lets operations force traces as long as the agent gives them credits.
///
/// Jaeger's agent up to version 1 answers; Jaeger 2 does not, and then nothing can be forced.
public final class RemoteThrottler: Throttler {
    private struct State {
        var clientID: UInt64?
        var credits: TextDictionary<Double> = [:]
        var operations: [String] = []
    }

    private struct Answer: Decodable {
        struct Balance: Decodable {
            var operation: String
            var balance: Double
        }

        /// A balance, or nil where there is none that can be understood.
        struct Lenient: Decodable {
            var balance: Balance?
            init(from decoder: any Decoder) { balance = try? Balance(from: decoder) }
        }

        var balances: [Lenient]
    }

    private let state = Mutex(State())
    private let service: String
    private let endpoint: String
    private let metrics: JaegerMetrics
    private let poller: Mutex<Poller?> = Mutex(nil)

    package init(service: String, endpoint: String, metrics: JaegerMetrics) {
        self.service = service
        self.endpoint = endpoint
        self.metrics = metrics
    }

    /// Makes a throttler, and begins to ask for credits after a random part of the interval.
    ///
    /// - Parameters:
    ///   - service: the service's name.
    ///   - endpoint: what to ask.
    ///   - refreshInterval: how long to wait between two questions.
    ///   - metrics: counts what was refused.
    ///   - log: is told of failures.
    public convenience init(
        service: String,
        endpoint: String = "http://localhost:5778/credits",
        refreshInterval: Duration = .seconds(5),
        metrics: JaegerMetrics = JaegerMetrics(),
        log: JaegerLog = .standardError
    ) {
        self.init(service: service, endpoint: endpoint, metrics: metrics)
        let poller = Poller(interval: refreshInterval, transport: URLSessionTransport.shared, log: log) { [weak self] in
            self?.question
        }
        self.poller.withLock { $0 = poller }
        poller.start { [weak self] body in self?.take(body) }
    }

    deinit { close() }

    /// Tells which process asks.
    public func setClientID(_ id: UInt64) { state.withLock { $0.clientID = $0.clientID ?? id } }

    package var clientID: UInt64? { state.withLock { $0.clientID } }
    package var credits: TextDictionary<Double> { state.withLock { $0.credits } }

    /// Whether an operation has a credit; it is taken.
    public func isAllowed(_ operation: String) -> Bool {
        let isAllowed = state.withLock { state in
            guard let credit = state.credits[operation] else {
                state.credits[operation] = 0
                state.operations.append(operation)
                return false
            }
            guard credit >= 1 else { return false }
            state.credits[operation] = credit - 1
            return true
        }
        if !isAllowed { metrics.throttledDebugSpan.add() }
        return isAllowed
    }

    /// What to ask; nil while no operation asked for a credit.
    package var question: URL? {
        let (clientID, operations) = state.withLock { ($0.clientID ?? 0, $0.operations) }
        guard !operations.isEmpty else { return nil }
        return Poller.url(
            endpoint,
            query: [("service", service), ("uuid", String(clientID))] + operations.map { ("operations", $0) }
        )
    }

    /// Takes the body of an answer; nil when there was none.
    package func take(_ body: [UInt8]?) {
        guard let body, let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)) else {
            return metrics.throttlerUpdateFailed.add()
        }
        for case let balance? in answer.balances.prefix(while: { $0.balance != nil }).map(\.balance) {
            state.withLock { state in
                if state.credits[balance.operation] == nil { state.operations.append(balance.operation) }
                state.credits[balance.operation, default: 0] += balance.balance
            }
        }
        let isComplete = answer.balances.allSatisfy { $0.balance != nil }
        if isComplete { metrics.throttlerUpdated.add() } else { metrics.throttlerUpdateFailed.add() }
    }

    /// Asks no more.
    public func close() { poller.withLock { $0 }?.stop() }
}
