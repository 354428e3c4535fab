import Foundation
import Jaeger
import OpenTracing
import TestSupport

// What a span costs the task that makes it, in nanoseconds.

@concurrent
func tracing(on stage: Stage) async throws -> [Row] {
    // Nothing is registered here; the compiler does not know.
    let noop = globalTracer()
    let unsampled: any Tracer = try tracer(sampled: false)
    let sampled: any Tracer = try tracer(sampled: true)
    let bare = try await median { loop(unsampled) { $0.startSpan("roll").finish() } }
    return [
        .limit(
            "span-noop",
            try await median { loop(noop) { $0.startSpan("roll").finish() } },
            below: 10,
            unit
        ),
        .limit("span-unsampled", bare, below: 100, unit),
        .limit("span-sampled", try await median { loop(sampled, count: 50_000, tagged) }, below: 1_500, unit),
        .limit(
            "span-active",
            try await median { loop(unsampled) { $0.withActiveSpan("roll") { _ in } } } - bare,
            below: 200,
            unit
        ),
        .limit("span-active-async", try await median { await asyncLoop(unsampled) } - bare, below: 200, unit),
    ]
}

private let unit = "ns"

private func tagged(_ tracer: any Tracer) {
    tracer.startSpan("roll").setTag("dice", 6).setTag("sides", 20).setTag("player", "alice").setTag("lucky", true)
        .setTag("share", 0.25).finish()
}

private func median(_ figure: () async throws -> Double) async throws -> Double {
    var figures: [Double] = []
    for _ in 0..<15 { figures.append(try await figure()) }
    return figures.dropFirst().sorted()[figures.count / 2]
}

@inline(never)
private func loop(_ tracer: any Tracer, count: Int = 300_000, _ body: (any Tracer) -> Void) -> Double {
    let start = CPUTime.ofThread
    for _ in 0..<count { body(tracer) }
    return (CPUTime.ofThread - start) / Double(count) * 1e9
}

@inline(never)
private func asyncLoop(_ tracer: any Tracer, count: Int = 200_000) async -> Double {
    // Nothing in the body waits, so that the thread stays the same.
    let start = CPUTime.ofThread
    for _ in 0..<count { await tracer.withActiveSpan("roll") { _ async in } }
    return (CPUTime.ofThread - start) / Double(count) * 1e9
}

/// A tracer whose spans go to an agent that is not there.
private func tracer(sampled: Bool) throws -> JaegerTracer {
    var configuration = JaegerConfiguration(serviceName: "bench")
    configuration.sampler = .const(sampled)
    configuration.destination = .agent(host: "127.0.0.1", port: 9)
    return try configuration.makeJaegerTracer()
}

/// A million spans to an agent that is not there: each is counted, and memory stays.
@concurrent
func deadAgent(on stage: Stage) async throws -> [Row] {
    let child = try ChildProcess(URL(filePath: CommandLine.arguments[0]).path(), [DeadAgent.option])
    let megabytes = try await child.figure { line in
        line.hasPrefix(DeadAgent.answer) ? Double(line.dropFirst(DeadAgent.answer.count)) : nil
    }
    return [.limit("dead-agent", megabytes, below: 50, "MB resident")]
}

/// `kser-bench --dead-agent`: reports the spans, then prints the most memory that this process has had.
enum DeadAgent {
    static let option = "--dead-agent"
    static let answer = "peak MB: "

    @concurrent
    static func run() async throws {
        let tracer = try tracer(sampled: true)
        let count = 1_000_000
        for number in 0..<count {
            tracer.startSpan("roll", tags: ["number": number, "text": "some text that is longer than a word"]).finish()
        }
        await tracer.close()
        let ends = ["ok", "err", "dropped"].map { tracer.metrics["jaeger:reporter_spans.result_\($0)"] }
        guard ends.reduce(0, +) == count else { throw Misuse("of \(count) spans \(ends) are counted") }
        print("\(answer)\(Drain.peakMegabytes)")
    }
}
