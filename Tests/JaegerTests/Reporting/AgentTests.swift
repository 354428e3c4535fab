import Jaeger
import Kser
import OpenTracing
import Synchronization
import TestSupport
import Testing

/// Spans over UDP, decoded by jaeger-client's own Thrift classes.
@Suite(.timeLimit(.minutes(2)))
struct AgentTests {
    @Test func contentArrivesAsItWasSet() async throws {
        let agent = try await SpanReceiver.agent()
        let tracer = try tracer(UDPSender(host: "127.0.0.1", port: agent.port))
        let cause = JaegerSpanContext(traceID: 7 << 64 | 8, spanID: 9)
        let parent = JaegerSpanContext(traceID: .max, spanID: .max, flags: [.sampled, .debug])
        let span = tracer.startSpan(
            "Würfeln",
            childOf: parent,
            references: [.followsFrom(cause)],
            tags: ["text": "é", "true": true, "false": false, "number": -5, "share": 0.25],
            startTime: 1_500_000_000.5
        )
        // The Python class reads bytes as text.
        span.setTag("bytes", FieldValue.binary(Array("ab".utf8)))
        span.log(["event": "rolled", "dice": 6], timestamp: 1_500_000_001)
        span.finish(at: 1_500_000_002)
        await tracer.close()

        let batch = try await agent.next()
        #expect(batch["message"] == ["emitBatch", 4, 1])
        #expect(batch["process"]?["service"]?.string == "dice")
        let processTags = batch["process"]?["tags"]?.array?.compactMap { $0[0]?.string } ?? []
        #expect(processTags.starts(with: ["jaeger.version", "team"]))
        #expect(batch["spans"]?.array?.count == 1)
        let received = try #require(batch["spans"]?[0])
        #expect(received["trace"]?.string == "ffffffffffffffffffffffffffffffff")
        #expect(received["parent"]?.string == "ffffffffffffffff")
        #expect(received["name"]?.string == "Würfeln")
        #expect(received["flags"]?.int == 3)
        #expect(received["start"]?.int == 1_500_000_000_500_000)
        #expect(received["duration"]?.int == 1_500_000)
        #expect(received["references"] == [[1, "00000000000000070000000000000008", "0000000000000009"]])
        #expect(
            received["tags"] == [
                ["text", "vStr", "é"], ["true", "vBool", true], ["false", "vBool", false], ["number", "vLong", -5],
                ["share", "vDouble", 0.25], ["bytes", "vBinary", "ab"],
            ]
        )
        #expect(received["logs"] == [[1_500_000_001_000_000, [["event", "vStr", "rolled"], ["dice", "vLong", 6]]]])
        #expect(tracer.metrics["jaeger:reporter_spans.result_ok"] == 1)
    }

    @Test func batchesAndNumbersOfMessages() async throws {
        let agent = try await SpanReceiver.agent()
        let tracer = try tracer(UDPSender(host: "127.0.0.1", port: agent.port), flushInterval: .zero)
        for number in 0..<25 { tracer.startSpan("op\(number)").finish() }
        await tracer.close()
        var names: [String] = []
        for sequenceID in 1...3 {
            let batch = try await agent.next()
            #expect(batch["message"]?[2]?.int == sequenceID)
            names += batch["spans"]?.array?.compactMap { $0["name"]?.string } ?? []
        }
        #expect(names == (0..<25).map { "op\($0)" })
        #expect(tracer.metrics["jaeger:reporter_spans.result_ok"] == 25)
    }

    /// A span that no datagram holds is counted, and takes no other with it.
    @Test func largeSpans() async throws {
        let agent = try await SpanReceiver.agent()
        var options = JaegerTracerOptions()
        options.maxTagValueLength = 10_000_000
        let tracer = try tracer(
            UDPSender(host: "127.0.0.1", port: agent.port),
            flushInterval: .zero,
            options: options
        )
        for size in [30_000, 10_000_000, 30_000, 30_000] {
            tracer.startSpan("op", tags: ["size": String(repeating: "x", count: size)]).finish()
        }
        await tracer.close()
        var counts: [Int] = []
        for _ in 0..<2 {
            let batch = try await agent.next()
            let size = try #require(batch["size"]?.int)
            #expect(size <= 65_000)
            counts.append(batch["spans"]?.array?.count ?? 0)
        }
        #expect(counts == [2, 1])
        #expect(tracer.metrics["jaeger:reporter_spans.result_ok"] == 3)
        #expect(tracer.metrics["jaeger:reporter_spans.result_err"] == 1)
    }

    /// Nobody listens, or nobody has the name: the counters say so, and no more than that happens.
    @Test(arguments: ["127.0.0.1", "no-such-host.invalid"])
    func deadAgent(_ host: String) async throws {
        let tracer = try tracer(UDPSender(host: host, port: 9))
        for _ in 0..<1_000 { tracer.startSpan("op", tags: ["key": "value"]).finish() }
        await tracer.close()
        let metrics = tracer.metrics
        let ends = ["ok", "err", "dropped"].map { metrics["jaeger:reporter_spans.result_\($0)"] }
        #expect(ends.reduce(0, +) == 1_000, "\(ends)")
        // This machine's own network tells of each refusal at once.
        #expect(ends[0] == 0, "\(ends)")
    }

    /// The host is looked up again in time, and at once when its datagrams are refused: an agent may move.
    @Test func looksUpAgain() async throws {
        let agent = try await SpanReceiver.agent()
        let time = Mutex(1_000.0)
        let sender = UDPSender(host: "127.0.0.1", port: agent.port, maxPacketSize: 65_000) { time.withLock { $0 } }
        let tracer = try tracer(sender, flushInterval: .milliseconds(1))
        var sources: [Int] = []
        for seconds in [0.0, 29, 31] {
            time.withLock { $0 = 1_000 + seconds }
            tracer.startSpan("op").finish()
            sources.append(try #require(try await agent.next()["source"]?.int))
        }
        #expect(sources[0] == sources[1] && sources[1] != sources[2], "\(sources)")
        await tracer.close()
    }

    private func tracer(
        _ sender: some SpanSender,
        flushInterval: Duration = .seconds(1),
        options: JaegerTracerOptions = JaegerTracerOptions()
    ) throws -> JaegerTracer {
        var options = options
        options.tags = ["team": "red"]
        options.log = .none
        var reporting = RemoteReporter.Options()
        reporting.flushInterval = flushInterval
        let reporter = try RemoteReporter(sender, options: reporting, metrics: options.metrics, log: .none)
        return JaegerTracer(serviceName: "dice", sampler: ConstSampler(true), reporter: reporter, options: options)
    }
}
