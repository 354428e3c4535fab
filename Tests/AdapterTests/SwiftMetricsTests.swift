#if SwiftMetrics
import Kser
import KserTesting
import Metrics
import MetricsTestKit
import Testing

@Suite("swift-metrics", .timeLimit(.minutes(1))) struct SwiftMetricsTests {
    @Test("is told what a worker does")
    func worker() async throws {
        let broker = InMemoryBroker()
        let factory = TestMetrics()
        let monitor = SwiftMetricsMonitor(factory: factory, hostname: "h")
        let controller = Controller(logger: .none, monitor: monitor)
        let done = Requirement("all", count: 5)
        try await controller.register("good") { (_: JSONObject, _) in done.fulfill() }
        try await controller.register("bad") { (_: JSONObject, _) in
            done.fulfill()
            throw KserError.validation("no")
        }
        let producer = broker.makeProducer()
        for name in ["good", "good", "good", "bad", "good"] {
            try await producer.send(Message(entrypoint: name), to: "jobs")
        }
        let options = WorkerOptions(
            deadLetters: DeadLetterTopic(with: producer),
            retries: RetryPolicy(inPlace: .none),
            shutdownSignals: []
        )
        let consumer = broker.makeConsumer(topics: ["jobs"], group: "g")
        let worker = Worker(consumer: consumer, controller: controller, options: options)
        async let running: Void = worker.run()
        try await done.wait()
        monitor.reportPartitions()
        await worker.shutdown()
        try await running

        func result(_ name: String, _ status: String) throws -> Int64 {
            let labels = [("hostname", "h"), ("name", name), ("status", status)]
            return try factory.expectCounter("kser_task_result_total", labels).totalValue
        }
        #expect(try result("good", "SUCCESS") == 4)
        #expect(try result("bad", "FAILED") == 1)
        let letters = [("entrypoint", "bad"), ("reason", "rejected")]
        #expect(try factory.expectCounter("kser_dead_letters_total", letters).totalValue == 1)
        let ran = try factory.expectTimer(
            "kser_task_duration_seconds",
            [("entrypoint", "good"), ("outcome", "success")]
        )
        #expect(ran.values.count == 4)
        #expect(try factory.expectMeter("kser_tasks_in_flight", [("entrypoint", "good")]).lastValue == 0)
        let place = [("topic", "jobs"), ("partition", "0"), ("group", "g")]
        #expect(try factory.expectGauge("kser_incomplete_offsets", place).lastValue != nil)
        #expect(try factory.expectMeter("kser_partitions_assigned", [("group", "g")]).values.first == 1)
    }

    @Test("takes any timestamp")
    func timestamps() throws {
        let factory = TestMetrics()
        let monitor = SwiftMetricsMonitor(factory: factory, hostname: "h")
        for timestamp in [Int64.min, 0, .max] {
            monitor.recordTaken(Record(topic: "jobs", timestamp: timestamp, value: nil))
        }
        #expect(try factory.expectTimer("kser_task_wait_seconds", [("topic", "jobs")]).values.count == 3)
    }
}
#endif
