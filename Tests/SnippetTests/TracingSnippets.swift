import Jaeger
import Kser
import KserTesting
import KserTracing
import OpenTracing
import Testing

@Suite(.timeLimit(.minutes(1))) struct TracingSnippets {
    private struct Hello: Entrypoint {
        func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
            let name = globalTracer().withActiveSpan("look up") { _ in "Cedric" }
            return execution.result(stdout: "Hello \(name) !")
        }
    }

    @Test func aWorkerIsTraced() async throws {
        let environment = ["JAEGER_SERVICE_NAME": "dice", "JAEGER_SAMPLER_TYPE": "const", "JAEGER_SAMPLER_PARAM": "1"]
        let broker = InMemoryBroker()
        let untraced = broker.makeProducer()
        // README.md: trace
        let tracer = try JaegerConfiguration(environment: environment).makeJaegerTracer()
        let tracing = Tracing(tracer)
        let controller = Controller(tracing: tracing)
        let producer = TracedProducer(untraced, tracing)

        try await tracer.withActiveSpan("play", tags: ["player": "alice"]) { _ in
            try await producer.send(Message(entrypoint: "hello"), to: "jobs")  // the worker continues the trace
        }
        // end
        try await controller.register(Hello(), as: "hello")
        let record = try #require(broker.records(in: "jobs").first)
        #expect(record.headers.contains { $0.name == "traceparent" })
        #expect(await controller.run(record).stdout == "Hello Cedric !")
        #expect(tracer.metrics["jaeger:finished_spans"] > 2)
    }
}
