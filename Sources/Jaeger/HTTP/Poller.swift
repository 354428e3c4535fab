package import Foundation
import Synchronization

/// Asks a server in intervals: first after a random part of one, so that services which start together do not ask together.
package final class Poller: Sendable {
    private let interval: Duration
    private let transport: any HTTPTransport
    private let log: JaegerLog
    private let url: @Sendable () -> URL?
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// - Parameters:
    ///   - interval: the time between two questions.
    ///   - transport: what asks.
    ///   - log: is told of failures.
    ///   - url: what to ask; nil when there is nothing to ask now.
    package init(
        interval: Duration,
        transport: any HTTPTransport,
        log: JaegerLog,
        url: @escaping @Sendable () -> URL?
    ) {
        // Whoever configures no pause at all does not mean to ask without one.
        self.interval = interval > .zero ? interval.bounded : .seconds(1)
        self.transport = transport
        self.log = log
        self.url = url
    }

    /// Begins to ask.
    ///
    /// - Parameters:
    ///   - atOnce: whether the first question is not delayed.
    ///   - take: gets the body of each answer, or nil when there was none.
    package func start(atOnce: Bool = false, _ take: @escaping @Sendable (_ body: [UInt8]?) -> Void) {
        let poll = Task { [interval, transport, log, url] in
            var pause: Duration = atOnce ? .zero : interval * Double.random(in: 0..<1)
            while true {
                do { try await Task.sleep(for: pause) } catch { return }
                pause = interval
                if let url = url() { take(await Self.body(of: url, transport, log)) }
            }
        }
        let previous = task.withLock { task in
            defer { task = poll }
            return task
        }
        previous?.cancel()
    }

    /// Asks no more.
    package func stop() { task.withLock { $0 }?.cancel() }

    private static func body(of url: URL, _ transport: any HTTPTransport, _ log: JaegerLog) async -> [UInt8]? {
        do {
            let response = try await transport.send(HTTPRequest("GET", url, timeout: .seconds(15)))
            if response.isSuccess, !response.isTooLarge { return response.body }
            let size = response.isTooLarge ? " with more than \(HTTPResponse.maxBodyBytes) bytes" : ""
            log.warning("\(url.host ?? "")\(url.path) answered \(response.status)\(size)")
        } catch {
            if !Task.isCancelled { log.warning("\(url.host ?? "")\(url.path) could not be asked: \(error)") }
        }
        return nil
    }

    /// A URL with a query.
    package static func url(_ endpoint: String, query: [(key: String, value: String)]) -> URL? {
        let items = query.map { "\(PercentEncoding.encode($0.key))=\(PercentEncoding.encode($0.value))" }
        return URL(string: endpoint + (endpoint.contains("?") ? "&" : "?") + items.joined(separator: "&"))
    }
}
