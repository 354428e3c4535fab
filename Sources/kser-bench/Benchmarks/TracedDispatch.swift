import Jaeger
import Kser
import KserTracing
import OpenTracing

/// A record to a typed handler that does nothing, with tracers that do nothing, that keep no span, and that keep those of
/// each message, beside a controller without tracing.
///
/// A tracer that does nothing is to cost nothing. What the others may add is a budget for users, not what was measured: 2 us
/// for each of the five spans of a message, so that a core still takes 80,000 a second, and 1 us more for one that is kept.
@concurrent
func tracedDispatch(on stage: Stage) async throws -> [Row] {
    let record = Record(topic: "jobs", value: try Sample.bytes())
    let plain = Controller()
    let noop = Controller(tracing: Tracing(NoopTracer()))
    let unsampled = Controller(tracing: Tracing(tracer(sampled: false)))
    let sampled = Controller(tracing: Tracing(tracer(sampled: true)))
    for controller in [plain, noop, unsampled, sampled] {
        try await controller.register(Sample.entrypoint) { (point: Sample.Point, _) in }
    }
    let figures = try await Rounds(count: 25).medians(
        { await rate(plain, record) },
        { await rate(noop, record) },
        { await rate(unsampled, record) },
        { await rate(sampled, record) }
    )
    let microseconds = figures.map { 1e6 / $0 }
    return [
        Row(
            name: "dispatch-noop",
            ours: figures[1],
            baseline: figures[0],
            unit: "messages/s of a core",
            target: 0.95
        ),
        .limit("trace-unsampled", microseconds[2] - microseconds[0], below: 10, "us a message"),
        .limit("trace-sampled", microseconds[3] - microseconds[0], below: 15, "us a message"),
    ]
}

private func rate(_ controller: Controller, _ record: Record) async -> Double {
    await CPUTime.rate(20_000) {
        let result = await controller.run(record)
        precondition(result.retcode == 0)
    }
}

private func tracer(sampled: Bool) -> JaegerTracer {
    JaegerTracer(serviceName: "bench", sampler: ConstSampler(sampled), reporter: NullReporter())
}
