import Jaeger
import KserTesting
import OpenTracing
import Testing

/// The reusable suite of tracers, on Jaeger's.
@Suite(.timeLimit(.minutes(1)))
struct ContractTests {
    private static let contract = TracerContract(
        isParent: { parent, span in
            guard let span = span as? JaegerSpan else { return false }
            return span.jaegerContext.parentID == (parent as? JaegerSpan)?.jaegerContext.spanID
        },
        finishCount: { span in
            let reporter = ((span as? JaegerSpan)?.tracer as? JaegerTracer)?.reporter as? InMemoryReporter
            return reporter?.spans.count { $0 === span } ?? -1
        },
        makeTracer: {
            var options = JaegerTracerOptions()
            options.log = .none
            return JaegerTracer(
                serviceName: "contract",
                sampler: ConstSampler(true),
                reporter: InMemoryReporter(),
                options: options
            )
        }
    )

    @Test(arguments: contract.checks)
    func jaegerTracer(_ check: ContractCheck) async throws { try await check.run() }
}
