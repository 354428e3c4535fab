package import Foundation

#if canImport(FoundationNetworking)
package import FoundationNetworking
#endif

/// A question to an HTTP server.
package struct HTTPRequest: Sendable {
    package var method: String
    package var url: URL
    package var headers: [String: String]
    package var body: [UInt8]
    package var timeout: Duration

    package init(
        _ method: String,
        _ url: URL,
        headers: [String: String] = [:],
        body: [UInt8] = [],
        timeout: Duration
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}

/// An HTTP server's answer; names of headers are in lower case.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: [String: String]
    package var body: [UInt8]

    package init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Asks HTTP servers.
package protocol HTTPTransport: Sendable {
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
}

/// Asks through Foundation; redirections are not followed, so that what is sent goes where it was meant to.
package final class URLSessionTransport: NSObject, HTTPTransport, URLSessionTaskDelegate {
    package static let shared = URLSessionTransport()

    private let session: URLSession

    private override init() {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpShouldSetCookies = false
        configuration.urlCache = nil
        session = URLSession(configuration: configuration)
        super.init()
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var question = URLRequest(url: request.url, timeoutInterval: request.timeout / .seconds(1))
        question.httpMethod = request.method
        for (name, value) in request.headers { question.setValue(value, forHTTPHeaderField: name) }
        if !request.body.isEmpty || request.method == "POST" { question.httpBody = Data(request.body) }
        let (data, response) = try await session.data(for: question, delegate: self)
        guard let answer = response as? HTTPURLResponse else {
            throw JaegerError(.invalidAnswer, "\(request.url.host ?? "the server") does not speak HTTP")
        }
        var headers: [String: String] = [:]
        for case (let name as String, let value as String) in answer.allHeaderFields {
            headers[name.lowercased()] = value
        }
        return HTTPResponse(status: answer.statusCode, headers: headers, body: Array(data))
    }

    package func urlSession(
        _ session: URLSession,
        task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}
