public import Foundation

/// Sends spans to Jaeger's collector over HTTP, as binary Thrift.
public final class ThriftHTTPSender: SpanSender {
    private let url: URL
    private let authorization: String?
    private let timeout: Duration
    private let transport: any HTTPTransport

    /// Makes a sender.
    ///
    /// - Parameters:
    ///   - url: where to send, such as `http://localhost:14268/api/traces`.
    ///   - user: a user's name and password for basic authentication.
    ///   - timeout: how long a request may take.
    public convenience init(url: URL, user: (name: String, password: String)? = nil, timeout: Duration = .seconds(10)) {
        self.init(url: url, user: user, timeout: timeout, transport: URLSessionTransport.shared)
    }

    package init(
        url: URL,
        user: (name: String, password: String)?,
        timeout: Duration,
        transport: any HTTPTransport
    ) {
        self.url = url
        self.timeout = timeout
        self.transport = transport
        authorization = user.map { "Basic " + Data("\($0.name):\($0.password)".utf8).base64EncodedString() }
    }

    /// Sends spans.
    public func send(_ spans: [JaegerSpan], of process: JaegerProcess) async -> SendOutcome {
        let body = BinaryWriter.bytes { $0.writeBatch(process: process, spans: spans.map(\.record)) }
        var headers = ["Content-Type": "application/x-thrift"]
        headers["Authorization"] = authorization
        let request = HTTPRequest("POST", url, headers: headers, body: body, timeout: timeout)
        do {
            let response = try await transport.send(request)
            if response.isSuccess { return SendOutcome(sent: spans.count) }
            return SendOutcome(sent: 0, error: JaegerError(.rejected, "\(url.host ?? "") answered \(response.status)"))
        } catch {
            let failure = JaegerError(.sendFailed, "\(url.host ?? "") was not reached", cause: error)
            return SendOutcome(sent: 0, error: failure)
        }
    }
}
