import Foundation
import OpenTracing
import Synchronization

/// Allows the keys that the agent names.
///
/// Jaeger's agent up to version 1 answers; Jaeger 2 does not.
public final class RemoteBaggageRestrictions: BaggageRestrictions {
    private struct Restriction: Decodable {
        var baggageKey: String
        var maxValueLength: Int
    }

    private let limits = Mutex<TextDictionary<Int>?>(nil)
    private let deniesUntilAnswered: Bool
    private let poller: Poller

    package init(
        service: String,
        endpoint: String,
        refreshInterval: Duration,
        deniesUntilAnswered: Bool,
        log: JaegerLog,
        transport: any HTTPTransport = URLSessionTransport.shared
    ) {
        self.deniesUntilAnswered = deniesUntilAnswered
        let url = Poller.url(endpoint, query: [("service", service)])
        poller = Poller(interval: refreshInterval, transport: transport, log: log) { url }
    }

    /// Makes restrictions, and begins to ask for them at once.
    ///
    /// - Parameters:
    ///   - service: the service's name.
    ///   - endpoint: what to ask.
    ///   - refreshInterval: how long to wait between two questions.
    ///   - deniesUntilAnswered: whether no key is allowed before the first answer, instead of each.
    ///   - log: is told of failures.
    public convenience init(
        service: String,
        endpoint: String = "http://localhost:5778/baggageRestrictions",
        refreshInterval: Duration = .seconds(60),
        deniesUntilAnswered: Bool = false,
        log: JaegerLog = .standardError
    ) {
        self.init(
            service: service,
            endpoint: endpoint,
            refreshInterval: refreshInterval,
            deniesUntilAnswered: deniesUntilAnswered,
            log: log,
            transport: URLSessionTransport.shared
        )
        poller.start(atOnce: true) { [weak self] body in self?.take(body) }
    }

    deinit { poller.stop() }

    /// The limit of a key.
    public func maxLength(of key: String) -> Int? {
        limits.withLock { limits in
            guard let limits else { return deniesUntilAnswered ? nil : 2048 }
            return limits[key]
        }
    }

    /// Takes the body of an answer; nil when there was none.
    package func take(_ body: [UInt8]?) {
        // Go writes an empty list as null.
        guard let body, let answer = try? JSONDecoder().decode([Restriction]?.self, from: Data(body)) ?? [] else {
            return
        }
        limits.withLock { $0 = TextDictionary(answer.map { ($0.baggageKey, $0.maxValueLength) }) }
    }

    /// Asks no more.
    public func close() { poller.stop() }
}
