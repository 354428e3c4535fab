import Kser
import KserTesting
import Testing

private struct Hello: Entrypoint {
    struct Parameters: Codable, Sendable { var name: String }

    func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        execution.result(stdout: "Hello \(parameters.name) !")
    }
}

// CONTRIBUTING.md: a test of an entrypoint
@Test func helloGreets() async throws {
    let result = await Hello().execute(["name": "Cedric"])
    #expect(result.stdout == "Hello Cedric !")
}
// end

// CONTRIBUTING.md: a test with the in-memory broker
@Test func theWorkerRepliesToHello() async throws {
    let broker = InMemoryBroker()
    broker.createTopic("jobs", partitions: 3)
    let producer = broker.makeProducer()
    let controller = Controller(logger: .none)
    try await controller.register(Hello(), as: "hello")
    try await producer.send(Message(entrypoint: "hello", params: ["name": "Cedric"]), to: "jobs")

    let worker = Worker(
        consumer: broker.makeConsumer(topics: ["jobs"], group: "workers"),
        controller: controller,
        options: WorkerOptions(replies: Replies(to: "results", with: producer))
    )
    async let running: Void = worker.run()
    for try await reply in broker.makeConsumer(topics: ["results"], group: "test") {
        let message = try JSONMessageCodec().decode(reply.value ?? [])
        #expect(message.result.stdout == "Hello Cedric !")
        break
    }
    await worker.shutdown()
    try await running
}
// end
