#if ServiceLifecycle
import Kser
import KserTesting
import Logging
import ServiceLifecycle
import Testing

@Suite("swift-service-lifecycle", .timeLimit(.minutes(1))) struct ServiceLifecycleTests {
    @Test("shuts a worker down once the handler in flight is done")
    func shutdown() async throws {
        let broker = InMemoryBroker()
        let (begun, gate) = (Requirement("the handler"), Gate())
        let controller = Controller(logger: .none)
        try await controller.register("step") { (_: JSONObject, _) in
            begun.fulfill()
            await gate.pass()
        }
        try await broker.makeProducer().send(Message(entrypoint: "step"), to: "jobs")
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            options: WorkerOptions(shutdownSignals: [])
        )
        let group = ServiceGroup(services: [worker], logger: Logger(label: "group"))
        async let running: Void = group.run()
        try await begun.wait()
        await group.triggerGracefulShutdown()
        gate.open()
        try await running
        #expect(broker.committedOffset(group: "g", topic: "jobs") == 1)
    }
}
#endif
