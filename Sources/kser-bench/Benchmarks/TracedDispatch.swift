import Jaeger
import Kser
import KserTracing
import OpenTracing

/// A record to a typed handler that does nothing, with tracers that do nothing, that keep no span, and that keep four of
/// each message: beside a controller without tracing.
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
    let targets = [("dispatch-noop", 0.95), ("dispatch-unsampled", 0.1), ("dispatch-sampled", 0.1)]
    return zip(targets, figures.dropFirst()).map { row, figure in
        Row(
            name: row.0,
            ours: figure,
            baseline: figures[0],
            unit: "messages/s of a core",
            target: row.1
        )
    }
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
