package import Foundation

/// A question to an HTTP server.
package struct HTTPRequest: Sendable {
    package var method: String
    package var url: URL
    package var headers: [String: String]
    package var body: [UInt8]
    /// How long it may take in all, from the look-up of the host to the last byte of the answer.
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
    /// How many bytes of a body are read.
    package static let maxBodyBytes = 1 << 20

    package var status: Int
    package var headers: [String: String]
    package var body: [UInt8]
    /// Whether the body was larger than is read, and is left out.
    package var isTooLarge = false

    package var isSuccess: Bool { (200..<300).contains(status) }

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
