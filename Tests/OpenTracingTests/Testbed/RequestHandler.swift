import OpenTracing

/// The handler that all requests of a client share.
struct RequestHandler: Sendable {
    let tracer: any Tracer
    var parent: (any SpanContext)?
    var ignoresActiveSpan = true

    func beforeRequest() -> any Span {
        let tags: Fields = [Tags.spanKind: Tags.spanKindRPCClient]
        return tracer.startSpan("send", childOf: parent, tags: tags, ignoreActiveSpan: ignoresActiveSpan)
    }

    func afterRequest(_ span: any Span) { span.finish() }

    /// Sends a message, and waits for the response in the middle.
    func send(_ message: String) async -> String {
        let span = beforeRequest()
        await Task.yield()
        afterRequest(span)
        return "\(message)::response"
    }

    /// Sends two messages, the second while the first one waits.
    func sendTwo() async -> [String] {
        let first = beforeRequest()
        let second = await Task {
            let span = beforeRequest()
            await Task.yield()
            return span
        }.value
        afterRequest(first)
        afterRequest(second)
        return ["1::response", "2::response"]
    }
}

/// Ends the span of one request when its response arrives.
struct ResponseListener: Sendable {
    let span: any Span

    func onResponse(_ response: String) { span.finish() }
}
