import KserTesting
import OpenTracing
import OpenTracingMock
import Testing

/// The example of the oldest document, line by line.
@Suite struct EarlierAPITests {
    let tracer = MockTracer()

    struct Request {
        var operation = "GET /dice"
        var headers: [String: String] = [:]
        var fullURL = "http://dice/roll"
        var remoteIP: String? = "127.0.0.1"
        var callerName: String?
        var remotePort: Int? = 4242
    }

    func beforeRequest(_ request: Request, _ tracer: any Tracer) -> any Span {
        let context = tracer.traceContextFromText(
            traceContextID: request.headers,
            traceAttributes: request.headers
        )
        let operation = request.operation
        let span: any Span
        if let context {
            span = tracer.joinTrace(operationName: operation, parentTraceContext: context)
        } else {
            span = tracer.startTrace(operationName: operation)
        }
        span.addTag("client.http.url", request.fullURL)
        if let remoteIP = request.remoteIP { span.addTag(Tags.peerHostIPv4, remoteIP) }
        if let callerName = request.callerName { span.addTag(Tags.peerService, callerName) }
        if let remotePort = request.remotePort { span.addTag(Tags.peerPort, remotePort) }
        return span
    }

    func beforeHTTPRequest(_ request: inout Request, currentSpanExtractor: () -> (any Span)?) -> any Span {
        let operation = request.operation
        let parentSpan = currentSpanExtractor()
        let span =
            if let parentSpan {
                parentSpan.startChild(operationName: operation)
            } else {
                tracer.startTrace(operationName: operation)
            }
        span.addTag("server.http.url", request.fullURL)
        let (hCtx, hAttr) = tracer.traceContextToText(traceContext: span.traceContext)
        for (key, value) in hCtx { request.headers[key] = value }
        if let hAttr { for (key, value) in hAttr { request.headers[key] = value } }
        return span
    }

    @Test func theDocumentedExample() throws {
        var out = Request(operation: "call")
        let inbound = beforeRequest(Request(), tracer)
        inbound.traceContext.setTraceAttribute("Kiff-loves", "Amy")
        inbound.run { span in
            tracer.activate(span, finishOnClose: false) { _ in
                beforeHTTPRequest(&out, currentSpanExtractor: { tracer.activeSpan }).run { _ in }
            }
        }
        #expect(out.headers == ["ot-tracer-traceid": "2", "ot-tracer-spanid": "3", "ot-baggage-kiff-loves": "Amy"])

        let joined = beforeRequest(out, tracer)
        #expect(joined.traceContext.traceAttribute("kiff-Loves") == "Amy")
        joined.finish()
        #expect(tracer.finishedSpans().map(\.description) == ["call(3,1)", "GET /dice(1,-)", "call(4,3)"])
        let tags = try #require(tracer.finishedSpans().last?.tags)
        #expect(tags == ["client.http.url": "http://dice/roll", "peer.ipv4": "127.0.0.1", "peer.port": 4242])
    }

    @Test func attributesOfAReceivedContextGoToThoseThatJoin() throws {
        let span = tracer.startTrace(operationName: "Bender")
        let (identity, attributes) = tracer.traceContextToText(traceContext: span.traceContext)
        #expect(attributes == nil && !identity.isEmpty)
        let context = try #require(tracer.traceContextFromText(traceContextID: identity, traceAttributes: attributes))
        context.setTraceAttribute("Middle-Name", "Rodriguez").setTraceAttribute("a", "b")
        #expect(context.traceAttribute("middle-name") == "Rodriguez")
        let joined = tracer.joinTrace(operationName: "Fry", parentTraceContext: context)
        #expect(joined.context.baggage == ["middle-name": "Rodriguez", "a": "b"])
        #expect(span.context.baggage.isEmpty)
    }

    @Test func malformedHeadersStartATrace() {
        let span = beforeRequest(Request(headers: ["ot-tracer-traceid": "x"]), tracer)
        #expect((span as? MockSpan)?.parentID == nil)
    }

    @Test func messagesAreLogged() throws {
        let span = tracer.startTrace(operationName: "Fry")
        span.info("frozen", 1999).error("defrosted").finish()
        let finished = try #require(tracer.finishedSpans().first)
        #expect(finished.logs.map(\.fields) == [["event": "frozen", "payload": 1999], ["event": "defrosted"]])
        #expect(finished.tags == ["error": true])
    }
}
