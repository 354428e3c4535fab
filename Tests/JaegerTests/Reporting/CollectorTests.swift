import Foundation
import Jaeger
import Kser
import OpenTracing
import Synchronization
import TestSupport
import Testing

/// Spans over HTTP, decoded by opentelemetry-proto and by jaeger-client's own Thrift classes.
@Suite(.timeLimit(.minutes(2)))
struct CollectorTests {
    @Test(arguments: [OTLPSender.Encoding.protobuf, .json], [false, true])
    func contentArrivesAsItWasSet(_ encoding: OTLPSender.Encoding, compressed: Bool) async throws {
        let collector = try await SpanReceiver.collector()
        var sending = OTLPSender.Options()
        sending.encoding = encoding
        sending.compresses = compressed
        sending.headers = ["Authorization": "Bearer x"]
        let tracer = try tracer(OTLPSender(url: collector.url, options: sending))
        let parent = JaegerSpanContext(traceID: 1 << 127 | 5, spanID: 6, flags: .sampled)
        let span = tracer.startSpan(
            "roll",
            childOf: parent,
            references: [.followsFrom(JaegerSpanContext(traceID: 7, spanID: 8))],
            tags: ["span.kind": "producer", "text": "\"é\"\n", "number": Int.min, "share": 0.1, "true": true],
            startTime: 1_500_000_000
        )
        span.setTag("infinite", Double.infinity).setTag("error", true)
        span.log(["event": "rolled", "dice": 6], timestamp: 1_500_000_001).finish(at: 1_500_000_002)
        await tracer.close()

        let seen = try await collector.next()
        #expect(seen["path"]?.string == "/v1/traces")
        #expect(seen["type"]?.string == (encoding == .json ? "application/json" : "application/x-protobuf"))
        #expect(seen["encoding"]?.string == (compressed ? "gzip" : nil))
        #expect(seen["authorization"]?.string == "Bearer x")
        #expect(seen["agent"]?.string == "OTel-OTLP-Exporter-Swift/1.0.0")
        let resource = try #require(seen["request"]?["resourceSpans"]?[0])
        let service = resource["resource"]?["attributes"]?[0]
        #expect(service == ["key": "service.name", "value": ["stringValue": "dice"]])
        let received = try #require(resource["scopeSpans"]?[0]?["spans"]?[0])
        #expect(
            received["traceId"]?.string == Data([0x80] + [UInt8](repeating: 0, count: 14) + [5]).base64EncodedString()
        )
        #expect(received["parentSpanId"]?.string == Data([0, 0, 0, 0, 0, 0, 0, 6]).base64EncodedString())
        #expect(received["name"]?.string == "roll")
        #expect(received["kind"]?.string == "SPAN_KIND_PRODUCER")
        #expect(received["startTimeUnixNano"]?.string == "1500000000000000000")
        #expect(received["endTimeUnixNano"]?.string == "1500000002000000000")
        #expect(received["status"] == ["code": "STATUS_CODE_ERROR"])
        #expect(
            received["attributes"] == [
                ["key": "text", "value": ["stringValue": "\"é\"\n"]],
                ["key": "number", "value": ["intValue": "-9223372036854775808"]],
                ["key": "share", "value": ["doubleValue": 0.1]],
                ["key": "true", "value": ["boolValue": true]],
                ["key": "infinite", "value": ["doubleValue": "Infinity"]],
            ]
        )
        #expect(received["events"]?[0]?["name"]?.string == "rolled")
        #expect(received["events"]?[0]?["timeUnixNano"]?.string == "1500000001000000000")
        let link = try #require(received["links"]?[0])
        #expect(link["spanId"]?.string == Data([0, 0, 0, 0, 0, 0, 0, 8]).base64EncodedString())
        #expect(link["attributes"]?[0]?["value"] == ["stringValue": "follows_from"])
        #expect(tracer.metrics["jaeger:reporter_spans.result_ok"] == 1)
    }

    @Test func thriftOverHTTP() async throws {
        let collector = try await SpanReceiver.collector(answering: "202")
        let url = try #require(URL(string: "http://127.0.0.1:\(collector.port)/api/traces"))
        let tracer = try tracer(ThriftHTTPSender(url: url, user: ("me", "secret")))
        tracer.startSpan("roll", tags: ["dice": 6, "share": -0.5]).finish()
        await tracer.close()
        let seen = try await collector.next()
        #expect(seen["path"]?.string == "/api/traces")
        #expect(seen["authorization"]?.string == "Basic bWU6c2VjcmV0")
        #expect(seen["process"]?["service"]?.string == "dice")
        #expect(seen["spans"]?[0]?["name"]?.string == "roll")
        let tags = seen["spans"]?[0]?["tags"]?.array?.prefix(2) ?? []
        #expect(Array(tags) == [["dice", "vLong", 6], ["share", "vDouble", -0.5]])
        #expect(tracer.metrics["jaeger:reporter_spans.result_ok"] == 1)
    }

    /// What a collector cannot take now is sent again: at least as late as it asks for.
    @Test func retries() async throws {
        let collector = try await SpanReceiver.collector(answering: "429:7", "502", "503:90000", "504")
        let pauses = Mutex<[Duration]>([])
        var sending = OTLPSender.Options()
        sending.retries.jitter = 0
        sending.retries.sleep = { pause in pauses.withLock { $0.append(pause) } }
        let tracer = try tracer(OTLPSender(url: collector.url, options: sending))
        tracer.startSpan("roll").finish()
        await tracer.close()
        for _ in 0..<5 { _ = try await collector.next() }
        #expect(pauses.withLock { $0 } == [.seconds(7), .seconds(2), .seconds(300), .seconds(8)])
        #expect(tracer.metrics["jaeger:reporter_spans.result_ok"] == 1)
        #expect(tracer.metrics["jaeger:reporter_spans.result_err"] == 0)
    }

    /// What it refuses for good is sent once.
    @Test(arguments: ["400", "401", "404", "500", "302"])
    func refusals(_ status: String) async throws {
        let collector = try await SpanReceiver.collector(answering: status)
        let tracer = try tracer(OTLPSender(url: collector.url))
        tracer.startSpan("roll").finish()
        await tracer.close()
        #expect(tracer.metrics["jaeger:reporter_spans.result_err"] == 1)
        tracer.startSpan("too late").finish()
        #expect(tracer.metrics["jaeger:reporter_spans.result_dropped"] == 1)
    }

    /// What it refuses of a batch is counted; what it only remarks is logged.
    @Test(arguments: ["partial", "json"], [3, 0])
    func partialSuccess(_ form: String, refused: Int) async throws {
        let collector = try await SpanReceiver.collector(answering: "\(form):\(refused)")
        let lines = Mutex<[String]>([])
        let log = JaegerLog { level, line in lines.withLock { $0.append("\(level) \(line)") } }
        let tracer = try tracer(OTLPSender(url: collector.url), log: log)
        for _ in 0..<5 { tracer.startSpan("roll").finish() }
        await tracer.close()
        #expect(tracer.metrics["jaeger:reporter_spans.result_ok"] == 5 - refused)
        #expect(tracer.metrics["jaeger:reporter_spans.result_err"] == refused)
        let line = try #require(lines.withLock { $0.first })
        #expect(line.hasPrefix(refused == 0 ? "warning spans were sent" : "error 3 of 5 spans"), "\(line)")
        #expect(line.hasSuffix("too many"), "\(line)")
    }

    /// A collector that never answers: closing gives up in time, and each span is counted.
    @Test func slowCollector() async throws {
        let collector = try await SpanReceiver.collector(answering: "slow")
        let tracer = try tracer(OTLPSender(url: collector.url), closeTimeout: .milliseconds(200))
        for _ in 0..<20 { tracer.startSpan("roll").finish() }
        _ = try await collector.next()
        try await withDeadline(.seconds(60), "the close") { await tracer.close() }
        #expect(tracer.metrics["jaeger:reporter_spans.result_err"] == 20)
    }

    @Test func deadCollector() async throws {
        var sending = OTLPSender.Options()
        sending.retries.sleep = { _ in }
        let url = try #require(URL(string: "http://127.0.0.1:9/v1/traces"))
        let tracer = try tracer(OTLPSender(url: url, options: sending))
        tracer.startSpan("roll").finish()
        await tracer.close()
        #expect(tracer.metrics["jaeger:reporter_spans.result_err"] == 1)
    }

    private func tracer(
        _ sender: some SpanSender,
        closeTimeout: Duration = .seconds(60),
        log: JaegerLog = .none
    ) throws -> JaegerTracer {
        var options = JaegerTracerOptions()
        options.log = .none
        var reporting = RemoteReporter.Options()
        reporting.closeTimeout = closeTimeout
        reporting.flushInterval = .milliseconds(100)
        let reporter = try RemoteReporter(sender, options: reporting, metrics: options.metrics, log: log)
        return JaegerTracer(serviceName: "dice", sampler: ConstSampler(true), reporter: reporter, options: options)
    }
}
