import Kser
import KserTesting
import KserTracing
import Testing

/// A broker, and a worker of the dice tasks.
struct Stage {
    let broker = InMemoryBroker()
    let tracing: Tracing

    /// The producer whose messages are traced.
    var producer: TracedProducer<InMemoryProducer> { TracedProducer(broker.makeProducer(), tracing) }

    func controller() async throws -> Controller {
        let controller = Controller(logger: .none, tracing: tracing)
        try await controller.register(DiceRoll())
        try await controller.register(DiceLaunch())
        return controller
    }

    /// Has a worker handle what is in the topic `dice` until there are so many answers in `results`.
    func work(
        until count: Int = 1,
        in topic: String = "results",
        _ change: (inout WorkerOptions) -> Void = { _ in }
    ) async throws {
        broker.createTopic(topic)
        var options = WorkerOptions(replies: Replies(to: "results", with: producer), shutdownSignals: [])
        change(&options)
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["dice"], group: "dice"),
            controller: try await controller(),
            options: options
        )
        let reader = broker.makeConsumer(topics: [topic], group: "reader")
        async let running: Void = worker.run()
        var seen = 0
        for try await _ in reader {
            seen += 1
            if seen == count { break }
        }
        await worker.shutdown()
        try await running
        await reader.close()
        try #require(seen == count, "answers until the test was cancelled")
    }
}
