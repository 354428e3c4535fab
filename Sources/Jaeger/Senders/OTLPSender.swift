public import Foundation
import Gzip

/// Sends spans to a collector of OpenTelemetry, or to Jaeger 2, over HTTP.
public final class OTLPSender: SpanSender {
    /// The form of the requests.
    public enum Encoding: String, Sendable {
        /// Protocol Buffers.
        case protobuf = "http/protobuf"
        /// JSON.
        case json = "http/json"
    }

    /// How requests are sent.
    public struct Options: Sendable {
        /// The form of the requests.
        public var encoding = Encoding.protobuf
        /// Whether requests are compressed with gzip.
        public var compresses = false
        /// Headers to add, such as for authorization.
        public var headers: [String: String] = [:]
        /// How long a request may take in all.
        public var timeout: Duration = .seconds(10)
        /// The library that made the spans, as the collector is told.
        public var scope = OTLPScope()
        /// When a request is sent again.
        public var retries = RetryPolicy()

        /// The defaults.
        public init() {}
    }

    /// As OpenTelemetry's specification of OTLP wants it.
    private static let userAgent = "OTel-OTLP-Exporter-\(JaegerProcess.clientVersion.replacing("-", with: "/"))"

    private let url: URL
    private let options: Options
    private let transport: any HTTPTransport

    /// Makes a sender.
    ///
    /// - Parameters:
    ///   - url: where to send, such as `http://localhost:4318/v1/traces`.
    ///   - options: how requests are sent.
    public convenience init(url: URL, options: Options = Options()) {
        self.init(url: url, options: options, transport: URLSessionTransport.shared)
    }

    package init(url: URL, options: Options, transport: any HTTPTransport) {
        self.url = url
        self.options = options
        self.transport = transport
    }

    /// Sends spans. Requests that a collector cannot take now (429, 502, 503, 504), or that did not reach it, are sent
    /// again.
    public func send(_ spans: [JaegerSpan], of process: JaegerProcess) async -> SendOutcome {
        await send(spans.map(\.record), of: process)
    }

    package func send(_ spans: [SpanRecord], of process: JaegerProcess) async -> SendOutcome {
        let request = request(spans, of: process)
        var attempt = 1
        while true {
            let (failure, asked): (JaegerError, Duration?)
            do {
                let response = try await transport.send(request)
                if response.isSuccess { return outcome(of: response, sent: spans.count) }
                failure = JaegerError(.rejected, "\(host) answered \(response.status)")
                guard [429, 502, 503, 504].contains(response.status) else {
                    return SendOutcome(sent: 0, error: failure)
                }
                asked = RetryAfter.duration(response.headers["retry-after"])
            } catch {
                failure = JaegerError(.sendFailed, "\(host) was not reached", cause: error)
                asked = nil
            }
            attempt += 1
            guard attempt <= options.retries.maxAttempts, !Task.isCancelled else {
                return SendOutcome(sent: 0, error: failure)
            }
            do { try await options.retries.sleep(options.retries.delay(before: attempt, asked: asked)) } catch {
                return SendOutcome(sent: 0, error: failure)
            }
        }
    }

    private var host: String { "the collector \(url.host ?? "")\(url.port.map { ":\($0)" } ?? "")" }

    private func request(_ spans: [SpanRecord], of process: JaegerProcess) -> HTTPRequest {
        var headers = ["User-Agent": Self.userAgent].merging(options.headers) { $1 }
        var body: [UInt8]
        switch options.encoding {
        case .protobuf:
            headers["Content-Type"] = "application/x-protobuf"
            body = OTLPProtobuf.request(spans, of: process, scope: options.scope)
        case .json:
            headers["Content-Type"] = "application/json"
            body = OTLPJSON.request(spans, of: process, scope: options.scope)
        }
        if options.compresses, let compressed = Gzip.compress(body) {
            headers["Content-Encoding"] = "gzip"
            body = compressed
        }
        return HTTPRequest("POST", url, headers: headers, body: body, timeout: options.timeout)
    }

    /// What a collector that took the request made of it: it may have refused some spans, for good, or have a remark.
    private func outcome(of response: HTTPResponse, sent: Int) -> SendOutcome {
        if response.isTooLarge {
            let limit = HTTPResponse.maxBodyBytes
            return SendOutcome(
                sent: sent,
                error: JaegerError(.invalidAnswer, "\(host) answered more than \(limit) bytes")
            )
        }
        let partial = OTLPResponse(response.body, isJSON: response.headers["content-type"]?.contains("json") == true)
        let rejected = Int(min(max(partial.rejectedSpans, 0), Int64(sent)))
        if rejected == 0, partial.errorMessage.isEmpty { return SendOutcome(sent: sent) }
        let verb = rejected == 0 ? "took all spans, and says" : "refused \(rejected) spans"
        let error = JaegerError(.rejected, "\(host) \(verb): \(partial.errorMessage.prefix(500))")
        return SendOutcome(sent: sent - rejected, error: error)
    }
}
