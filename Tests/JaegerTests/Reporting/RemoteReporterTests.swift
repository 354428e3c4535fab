import Jaeger
import KserTesting
import OpenTracing
import Synchronization
import TestSupport
import Testing

/// How spans are collected, with a sender that the tests hold back.
@Suite(.timeLimit(.minutes(1)))
struct RemoteReporterTests {
    /// Notes the batches; each waits for the gate.
    private final class HeldSender: SpanSender {
        let batches = Watched<[[String]]>([])
        let gate: Watched<Bool>

        init(open: Bool) { gate = Watched(open) }

        func send(_ spans: [JaegerSpan], of process: JaegerProcess) async -> SendOutcome {
            batches.update { $0.append(spans.map(\.operationName)) }
            do { _ = try await gate.wait { $0 ? true : nil } } catch {
                return SendOutcome(sent: 0, error: JaegerError(.sendFailed, "cancelled"))
            }
            return SendOutcome(sent: spans.count)
        }
    }

    /// The newest spans are dropped when the queue is full, and each is counted.
    @Test func fullQueue() async throws {
        let sender = HeldSender(open: false)
        let tracer = try tracer(sender, batchSize: 2, capacity: 4)
        for number in 0..<2 { tracer.startSpan("\(number)").finish() }
        _ = try await sender.batches.wait { $0.isEmpty ? nil : true }
        for number in 2..<9 { tracer.startSpan("\(number)").finish() }
        #expect(tracer.metrics["jaeger:reporter_spans.result_dropped"] == 3)
        sender.gate.update { $0 = true }
        await tracer.close()
        #expect(sender.batches.value == [["0", "1"], ["2", "3"], ["4", "5"]])
        #expect(tracer.metrics["jaeger:reporter_spans.result_ok"] == 6)
        #expect(tracer.metrics["jaeger:finished_spans"] == 9)
    }

    /// A span does not wait for a batch longer than the interval, and nothing waits while there is no span.
    @Test func flushInterval() async throws {
        let sender = HeldSender(open: true)
        let clock = ManualClock()
        let tracer = try tracer(sender, batchSize: 10, capacity: 100, interval: .seconds(5), clock: clock)
        tracer.startSpan("a").finish()
        #expect(try await clock.skip() == .seconds(5))
        // A span that came while the batch was sent would not wait.
        try await withDeadline(.seconds(30), "the batch") {
            try await poll { tracer.metrics["jaeger:reporter_spans.result_ok"] == 1 }
        }
        tracer.startSpan("b").finish()
        try await clock.waitForSleepers()
        tracer.startSpan("c").finish()
        #expect(try await clock.skip() == .seconds(5))
        _ = try await sender.batches.wait { $0.count == 2 ? true : nil }
        #expect(sender.batches.value == [["a"], ["b", "c"]])
        await tracer.close()
    }

    /// A full batch goes at once.
    @Test func fullBatch() async throws {
        let sender = HeldSender(open: true)
        let tracer = try tracer(sender, batchSize: 3, capacity: 3, interval: .seconds(5), clock: ManualClock())
        for number in 0..<3 { tracer.startSpan("\(number)").finish() }
        _ = try await sender.batches.wait { $0.isEmpty ? nil : true }
        #expect(sender.batches.value == [["0", "1", "2"]])
        await tracer.close()
    }

    /// Closing sends what waits; what comes later is dropped. Spans that did not end are counted.
    @Test func closing() async throws {
        let sender = HeldSender(open: true)
        let tracer = try tracer(sender, batchSize: 10, capacity: 100)
        let late = tracer.startSpan("late")
        _ = tracer.startSpan("never")
        for number in 0..<12 { tracer.startSpan("\(number)").finish() }
        await tracer.close()
        #expect(sender.batches.value.map(\.count) == [10, 2])
        #expect(tracer.metrics["jaeger:unfinished_spans"] == 2)
        late.finish()
        #expect(tracer.metrics["jaeger:reporter_spans.result_dropped"] == 1)
        await tracer.close()
        #expect(sender.batches.value.map(\.count) == [10, 2])
    }

    @Test func closingGivesUp() async throws {
        let sender = HeldSender(open: false)
        let clock = ManualClock()
        let tracer = try tracer(sender, batchSize: 1, capacity: 10, clock: clock)
        for number in 0..<3 { tracer.startSpan("\(number)").finish() }
        _ = try await sender.batches.wait { $0.isEmpty ? nil : true }
        async let closed: Void = tracer.close()
        _ = try await clock.skip()
        await closed
        #expect(tracer.metrics["jaeger:reporter_spans.result_err"] == 3)
    }

    /// A sender that heeds no cancellation is not waited for.
    @Test func stubbornSender() async throws {
        final class Stubborn: SpanSender {
            let started = Watched(false)
            let gate = Watched(false)

            func send(_ spans: [JaegerSpan], of process: JaegerProcess) async -> SendOutcome {
                started.update { $0 = true }
                let held = Task { _ = try await gate.wait { $0 ? true : nil } }
                _ = await held.result
                return SendOutcome(sent: spans.count)
            }
        }
        let sender = Stubborn()
        let lines = Mutex<[String]>([])
        let clock = ManualClock()
        let log = JaegerLog { _, line in lines.withLock { $0.append(line) } }
        let tracer = try tracer(sender, batchSize: 1, capacity: 2, clock: clock, log: log)
        tracer.startSpan("a").finish()
        _ = try await sender.started.wait { $0 ? true : nil }
        for name in ["b", "c", "d"] { tracer.startSpan(name).finish() }
        async let closed: Void = tracer.close()
        #expect(try await clock.skip() == .seconds(10))
        try await withDeadline(.seconds(20), "the close") { [tracer] in await tracer.close() }
        await closed
        #expect(tracer.metrics["jaeger:reporter_spans.result_err"] == 3)
        #expect(lines.withLock { $0 } == ["4 of 4 spans were lost: 3 not sent, 1 not queued"])
        sender.gate.update { $0 = true }
    }

    /// A batch has so much time, and no more.
    @Test func exportTimeout() async throws {
        let sender = HeldSender(open: false)
        var reporting = RemoteReporter.Options()
        reporting.exportTimeout = .milliseconds(50)
        reporting.flushInterval = .milliseconds(1)
        let reporter = try RemoteReporter(sender, options: reporting, log: .none)
        let tracer = JaegerTracer(serviceName: "dice", sampler: ConstSampler(true), reporter: reporter)
        for name in ["a", "b"] {
            tracer.startSpan(name).finish()
            _ = try await sender.batches.wait { $0.last == [name] ? true : nil }
        }
        await tracer.close()
    }

    @Test func sizes() {
        var options = RemoteReporter.Options()
        options.queueCapacity = 9
        #expect(throws: JaegerError.self) { try RemoteReporter(HeldSender(open: true), options: options) }
    }

    /// The documented line, and the order of several reporters.
    @Test func loggingReporter() async throws {
        let lines = Mutex<[String]>([])
        let (memory, log) = (
            InMemoryReporter(), JaegerLog { level, line in lines.withLock { $0.append("\(level) \(line)") } }
        )
        var options = JaegerTracerOptions()
        let ids = Mutex<UInt128>(0x1000)
        options.ids = IDGenerator {
            ids.withLock { id in
                id += 1
                return id
            }
        }
        let tracer = JaegerTracer(
            serviceName: "dice",
            sampler: ConstSampler(true),
            reporter: CompositeReporter(memory, LoggingReporter(log: log)),
            options: options
        )
        tracer.withActiveSpan("launch") { _ in tracer.startSpan("roll").finish() }
        await tracer.close()
        #expect(
            lines.withLock { $0 } == [
                "info Reporting span 1001:1003:1002:1 dice.roll", "info Reporting span 1001:1002:0:1 dice.launch",
            ]
        )
        #expect(memory.spans.map(\.operationName) == ["roll", "launch"])
        await CompositeReporter().close()
    }

    private func tracer(
        _ sender: some SpanSender,
        batchSize: Int,
        capacity: Int,
        interval: Duration = .zero,
        clock: ManualClock? = nil,
        log: JaegerLog = .none
    ) throws -> JaegerTracer {
        var options = JaegerTracerOptions()
        options.log = .none
        var reporting = RemoteReporter.Options()
        reporting.batchSize = batchSize
        reporting.queueCapacity = capacity
        reporting.flushInterval = interval
        if let clock { reporting.sleep = { try await clock.sleep(for: $0) } }
        let reporter = try RemoteReporter(sender, options: reporting, metrics: options.metrics, log: log)
        return JaegerTracer(serviceName: "dice", sampler: ConstSampler(true), reporter: reporter, options: options)
    }
}
