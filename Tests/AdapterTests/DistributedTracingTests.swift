#if DistributedTracing
import InMemoryTracing
import Kser
import KserTesting
import ServiceContextModule
import Testing
import Tracing

@Suite("swift-distributed-tracing", .timeLimit(.minutes(1))) struct DistributedTracingTests {
    private let broker = InMemoryBroker()
    private let tracer = InMemoryTracer()

    private func worker(_ controller: Controller) -> Worker {
        let producer = DistributedTracing(tracer).traced(broker.makeProducer())
        return Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            options: WorkerOptions(replies: Replies(to: "results", with: producer), shutdownSignals: [])
        )
    }

    private func span(_ name: String) throws -> FinishedInMemorySpan {
        try #require(tracer.finishedSpans.first { $0.operationName == name }, "\(name)")
    }

    @Test("one trace from the sender to the answer", arguments: [true, false])
    func trace(inHeaders: Bool) async throws {
        let tracing = DistributedTracing(tracer, consumerGroup: "g")
        let controller = Controller(logger: .none, distributedTracing: tracing)
        let done = Requirement("the handler")
        try await controller.register("mail.send") { [tracer] (_: JSONObject, _) in
            tracer.withSpan("mine") { _ in }
            done.fulfill()
        }
        let producer = tracing.traced(broker.makeProducer())
        try await tracer.withSpan("order") { _ in
            if inHeaders {
                try await producer.send(Message(uuid: "u-1", entrypoint: "mail.send"), to: "jobs")
            } else {
                // A peer that writes the metadata alone.
                try await producer.send(Message(uuid: "u-1", entrypoint: "mail.send"), to: "elsewhere")
                let value = try #require(broker.records(in: "elsewhere").first?.value)
                try await broker.makeProducer().send(ProducerRecord(topic: "jobs", value: value))
            }
        }
        let worker = worker(controller)
        async let running: Void = worker.run()
        try await done.wait()
        await worker.shutdown()
        try await running

        let sent = try span(inHeaders ? "send jobs" : "send elsewhere")
        #expect(try sent.parentSpanID == span("order").spanID)
        #expect(sent.kind == .producer)
        #expect(sent.attributes["kser.entrypoint"]?.toSpanAttribute() == .string("mail.send"))
        let process = try span("process jobs")
        #expect(process.parentSpanID == sent.spanID)
        #expect(process.kind == .consumer)
        #expect(process.attributes["messaging.consumer.group.name"]?.toSpanAttribute() == .string("g"))
        #expect(try span("send - Execute").parentSpanID == process.spanID)
        #expect(try span("mine").traceID == sent.traceID)
        let answer = try span("send results")
        #expect(answer.traceID == sent.traceID)
        let record = try #require(broker.records(in: "results").first)
        #expect(record.headers.contains { $0.value == Array(answer.spanID.utf8) })
    }

    @Test("an error is on its spans")
    func failure() async throws {
        let controller = Controller(logger: .none, distributedTracing: DistributedTracing(tracer))
        try await controller.register("bad") { (_: JSONObject, _) in throw KserError.validation("no") }
        let result = await controller.run(Message(entrypoint: "bad"))
        #expect(!result.isSuccess)
        let whole = try span("bad - Execute")
        #expect(whole.status?.code == .error)
        #expect(whole.attributes["result.retcode"]?.toSpanAttribute() == .int64(Int64(result.retcode)))
        #expect(try !span("bad - Run").errors.isEmpty)
    }
}
#endif
