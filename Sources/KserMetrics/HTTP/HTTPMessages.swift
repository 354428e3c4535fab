/// A request, as far as it matters here.
struct HTTPRequest: Sendable {
    var method: String
    /// The path without what follows a question mark.
    var path: String
    /// All lines of the header, with commas between them.
    var accept: String?
    var acceptEncoding: String?

    /// Whether a path is one that says how the process is.
    static func asksForHealth(_ path: String) -> Bool { path == "/livez" || path == "/readyz" }
}

/// A response with a body.
struct HTTPResponse: Sendable {
    var status: UInt32 = 200
    var contentType = "text/plain; charset=utf-8"
    var body: [UInt8]
    var headers: [(name: String, value: String)] = []
}

/// A response that is there, or that has to be waited for.
enum HTTPReply: Sendable {
    case now(HTTPResponse)
    case later(@Sendable () async -> HTTPResponse)
}
