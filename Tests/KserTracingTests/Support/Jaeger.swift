import Jaeger
import OpenTracing
import Testing

/// A tracer of Jaeger that keeps its spans.
struct KeepingTracer {
    let reporter = InMemoryReporter()
    let tracer: JaegerTracer

    init(sampled: Bool = true, _ configure: (inout JaegerTracerOptions) -> Void = { _ in }) {
        var options = JaegerTracerOptions()
        options.uses128BitTraceIDs = true
        configure(&options)
        tracer = JaegerTracer(
            serviceName: "dice",
            sampler: ConstSampler(sampled),
            reporter: reporter,
            options: options
        )
    }

    /// The finished spans, in the order in which they ended.
    var spans: [SpanRecord] { reporter.spans.map(\.record) }

    func spans(_ name: String) -> [SpanRecord] { spans.filter { $0.operationName == name } }

    /// The one span of a name.
    func only(_ name: String) throws -> SpanRecord {
        let named = spans(name)
        try #require(named.count == 1, "\(name) in \(spans.map(\.operationName))")
        return named[0]
    }
}
