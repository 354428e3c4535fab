import Jaeger
import Kser
import OpenTracing
import Synchronization
import Testing

/// What users may do to a span without harm.
@Suite(.timeLimit(.minutes(1)))
struct SpanLimitTests {
    private let reporter = InMemoryReporter()

    private func tracer(sampled: Bool = true) -> JaegerTracer {
        var options = JaegerTracerOptions()
        options.log = .none
        return JaegerTracer(serviceName: "dice", sampler: ConstSampler(sampled), reporter: reporter, options: options)
    }

    @Test func largeTags() throws {
        let large = String(repeating: "é", count: 5_000_000)
        let span = tracer().startSpan("roll", tags: ["first": large])
        span.setTag("text", large).log(["event": FieldValue.string(large), "stack": FieldValue.string(large)])
        span.setTag("bytes", FieldValue.binary([UInt8](repeating: 1, count: 10_000_000))).finish()
        let record = try #require(reporter.spans.first).record
        #expect(record.tags["first"] == .string(String(repeating: "é", count: 1_024)))
        #expect(record.tags["text"] == .string(String(repeating: "é", count: 1_024)))
        #expect(record.tags["bytes"] == .binary([UInt8](repeating: 1, count: 1_024)))
        #expect(record.logs[0].fields["event"] == .string(String(repeating: "é", count: 1_024)))
        #expect(record.logs[0].fields["stack"] == .string(String(repeating: "é", count: 4_096)))
    }

    /// The limits count characters of Unicode, of tags as of logs, whichever of the two is the smaller.
    @Test(arguments: [(3, 5), (5, 3), (0, -1)])
    func limitsByKey(_ tagLength: Int, _ stackLength: Int) throws {
        var options = JaegerTracerOptions()
        (options.maxTagValueLength, options.maxTracebackLength) = (tagLength, stackLength)
        let tracer = JaegerTracer(
            serviceName: "dice",
            sampler: ConstSampler(true),
            reporter: reporter,
            options: options
        )
        let text = String(repeating: "e\u{301}", count: 4)
        let span = tracer.startSpan(
            "roll",
            tags: ["text": text, "stack": text, "bytes": FieldValue.binary([1, 2, 3, 4])]
        )
        span.setTag("late", text).finish()
        let tags = try #require(reporter.spans.first).record.tags
        func cut(_ length: Int) -> FieldValue {
            .string(String(String.UnicodeScalarView(text.unicodeScalars.prefix(max(0, length)))))
        }
        #expect(tags["text"] == cut(tagLength) && tags["late"] == cut(tagLength) && tags["stack"] == cut(stackLength))
        #expect(tags["bytes"] == .binary(Array([1, 2, 3, 4].prefix(tagLength))))
    }

    /// Beyond the limits tags that are there get other values, the last logs stay, and it is counted what is dropped.
    @Test(arguments: [0, 1, 3, 10, 11])
    func counts(_ limit: Int) throws {
        var options = JaegerTracerOptions()
        (options.maxTagCount, options.maxLogCount) = (limit, limit)
        (options.maxLogFieldCount, options.maxReferenceCount) = (limit, limit)
        let tracer = JaegerTracer(
            serviceName: "dice",
            sampler: ConstSampler(true),
            reporter: reporter,
            options: options
        )
        let numbers = Array(0..<10)
        let contexts = numbers.map { JaegerSpanContext(traceID: 1, spanID: UInt64($0) + 1, flags: .sampled) }
        let span = tracer.startSpan(
            "roll",
            references: contexts.map { .followsFrom($0) },
            tags: ["t0": 0, "t1": 0, "t2": 0, "t3": 0]
        )
        for number in numbers { span.setTag("t\(number)", number + 1) }
        for number in numbers { span.log(Fields(numbers.map { .init("f\($0)", .integer(Int64(number))) })) }
        span.finish()
        let record = try #require(reporter.spans.first).record
        // Four tags of the beginning are set again, beside their old values while there is room.
        #expect(record.tags.count == min(limit, 14))
        if limit > 1 { #expect(record.tags["t1"] == 2) }
        let known = Set(record.tags.keys).count
        #expect(record.dropped.tags == (limit == 0 ? 14 : limit < 14 ? 10 - known + max(0, 4 - limit) : 0))
        #expect(record.logs.compactMap { $0.fields["f0"] } == numbers.suffix(limit).map { .integer(Int64($0)) })
        #expect(record.logs.allSatisfy { $0.fields.count == min(limit, 10) })
        #expect(record.dropped.logs == 10 - min(limit, 10))
        #expect(record.references?.count == min(limit, 10) && record.dropped.references == 10 - min(limit, 10))
        let process = JaegerProcess(serviceName: "dice", tags: [:])
        let json = try JSON(parsing: OTLPJSON.request([record], of: process))
        let written = json["resourceSpans"]?[0]?["scopeSpans"]?[0]?["spans"]?[0]
        #expect(written?["droppedAttributesCount"]?.int ?? 0 == record.dropped.tags)
        #expect(written?["droppedEventsCount"]?.int ?? 0 == record.dropped.logs)
        #expect(written?["droppedLinksCount"]?.int ?? 0 == record.dropped.references)
    }

    /// What is done to the time of day does not change how long a span took, nor when its logs were written in it.
    @Test func timeOfDaySetBack() throws {
        let wall = Mutex(1_500_000_000.0)
        let steady = Mutex(100.0)
        var options = JaegerTracerOptions()
        options.clock = SpanClock(wall: { wall.withLock { $0 } }, steady: { steady.withLock { $0 } })
        let tracer = JaegerTracer(
            serviceName: "dice",
            sampler: ConstSampler(true),
            reporter: reporter,
            options: options
        )
        let span = tracer.startSpan("roll")
        steady.withLock { $0 += 0.5 }
        wall.withLock { $0 -= 2 }
        span.log(["event": "thrown"])
        steady.withLock { $0 += 1 }
        span.finish()
        let record = try #require(reporter.spans.first).record
        #expect(record.startTime == 1_500_000_000_000_000 && record.duration == 1_500_000)
        #expect(record.logs[0].timestamp == 1_500_000_000_500_000)
        // Later spans know the new time of day.
        tracer.startSpan("again").finish()
        #expect(try #require(reporter.spans.last).record.startTime == 1_499_999_998_000_000)
    }

    /// Times beyond all bounds do not trap.
    @Test(arguments: [Double.infinity, -.infinity, .nan, 1e300, -1e300])
    func absurdTimes(_ time: Double) throws {
        tracer().startSpan("roll", startTime: 1).log(["event": "x"], timestamp: time).finish(at: time)
        let record = try #require(reporter.spans.first).record
        #expect(!OTLPProtobuf.request([record], of: JaegerProcess(serviceName: "dice", tags: [:])).isEmpty)
        #expect(!CompactWriter.bytes { $0.write(record) }.isEmpty)
    }

    /// What only a recording span needs is not computed.
    @Test func unsampledSpansComputeNothing() {
        func never() -> String {
            Issue.record("it was computed")
            return ""
        }
        let span = tracer(sampled: false).startSpan("roll")
        span.setTag("key", never()).log(["event": never()]).finish()
        #expect(reporter.spans.isEmpty)
    }

    /// Tasks that work on one span, while others start its children.
    @Test func manyTasks() async throws {
        let tracer = tracer()
        let span = tracer.startSpan("launch")
        await withDiscardingTaskGroup { group in
            for number in 0..<1_000 {
                group.addTask {
                    span.setTag("number", number).setBaggageItem("key", "\(number)")
                    tracer.startSpan("roll", childOf: span).finish()
                }
            }
        }
        span.finish()
        let record = try #require(reporter.spans.last).record
        #expect(Set(record.tags.map(\.value.text)).isSuperset(of: (0..<1_000).map(String.init)))
        let children = reporter.spans.dropLast().map(\.record)
        #expect(children.count == 1_000)
        #expect(children.allSatisfy { $0.parentID == record.spanID && $0.traceID == record.traceID })
        #expect(Set(children.map(\.spanID)).count == 1_000)
    }
}
