import Jaeger
import Kser
import KserKafka
import KserTracing
import OpenTracing
import TestSupport
import Testing

extension InteropTests {
    /// A trace from a Python producer over a worker of ours and our producer back to Python: one number, right parents.
    struct TraceTests {
        private let reporter = InMemoryReporter()

        @Test(arguments: ["headers", "tracing", "parent-span"])
        func traceGoesOnFromPythonAndBack(_ carrier: String) async throws {
            let servers = try await NoidaBroker.shared().bootstrapServers
            let (topic, results) = ("traced-\(carrier)", "traced-\(carrier)-results")
            try await PythonPeer.createTopics([topic: 1, results: 1], on: servers)
            let tracing = Tracing(
                JaegerTracer(serviceName: "dice", sampler: ConstSampler(false), reporter: reporter)
            )
            let producer = TracedProducer(try Producer(ProducerConfiguration(bootstrapServers: servers)), tracing)
            let controller = Controller(logger: .none, tracing: tracing)
            try await controller.register(DiceLaunch())
            let worker = Worker(
                consumer: try Consumer(
                    ConsumerConfiguration(bootstrapServers: servers, groupID: topic),
                    topics: [topic]
                ),
                controller: controller,
                options: WorkerOptions(replies: Replies(to: results, with: producer))
            )
            async let running: Void = worker.run()
            let (sent, answer) = try await withDeadline(.seconds(120), "the answer to Python") {
                let sent = try await PythonPeer.sendTraced(to: topic, carrier: carrier, on: servers)
                return (sent, try await PythonPeer.readTraced(from: results, on: servers))
            }
            await worker.shutdown()
            try await running
            await producer.base.close()

            // Of our own, the sampler would keep none: Python decided.
            let processing = try only("process \(topic)")
            #expect(String(processing.parentID, radix: 16) == sent.span)
            let launch = try only("DiceLaunch - Execute")
            #expect(launch.parentID == processing.spanID)
            #expect(try only("DiceRoll - Execute").parentID == launch.spanID)
            let sending = try only("send \(results)")
            #expect(sending.parentID == processing.spanID)
            #expect(answer.headers.parent == String(sending.spanID, radix: 16))
            if carrier == "headers" {
                #expect(answer.carrier == nil, "what came without a carrier is answered without")
            } else {
                #expect(answer.carrier?.parent == String(processing.spanID, radix: 16))
                #expect(answer.carrier?.trace == sent.trace)
            }
            #expect(answer.headers.trace == sent.trace)
            let traces = Set(reporter.spans.map { String($0.record.traceID, radix: 16) })
            #expect(traces == [sent.trace])
        }

        private func only(_ name: String) throws -> SpanRecord {
            let spans = reporter.spans.map(\.record)
            let named = spans.filter { $0.operationName == name }
            try #require(named.count == 1, "\(name) in \(spans.map(\.operationName))")
            return named[0]
        }
    }
}

private struct DiceRoll: TaskEntrypoint {
    let path = "dice.DiceRoll"

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        execution.result(stdout: "You made a 3")
    }
}

private struct DiceLaunch: OperationEntrypoint {
    let path = "dice.DiceLaunch"

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] { TaskCall(DiceRoll()) }
}
