/// Asks through Foundation, with what Foundation on Linux lacks: the time that a request may take is heeded, the answer is
/// bounded, and a request that its connection lost is sent once more.
///
/// Each request has a connection of its own. One that is kept alive may be gone when it is used again, and then Foundation
/// on Linux sends the headers once more and the body not at all.
package struct URLSessionTransport: HTTPTransport {
    package static let shared = URLSessionTransport()

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let deadline = ContinuousClock.now + request.timeout.bounded
        do {
            return try await HTTPExchange.run(request, until: deadline)
        } catch is ConnectionLost {
            return try await HTTPExchange.run(request, until: deadline)
        }
    }
}

extension Duration {
    /// What is as good as for ever, and no clock's arithmetic fails at.
    static let longest: Duration = .seconds(365 * 86_400)

    /// The duration, or the nearest one that clocks can go by.
    var bounded: Duration { min(max(self, .zero), .longest) }

    /// So many seconds, bounded; nil when that is no number.
    init?(boundedSeconds seconds: Double) {
        if seconds.isNaN { return nil }
        self = .seconds(min(max(seconds, 0), Duration.longest / .seconds(1)))
    }
}
