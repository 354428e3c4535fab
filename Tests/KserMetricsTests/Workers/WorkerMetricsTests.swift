import Kser
import KserCrypto
import KserMetrics
import KserTesting
import Testing

@Suite(.timeLimit(.minutes(3))) struct WorkerMetricsTests {
    private let broker = InMemoryBroker()
    private let metrics: WorkerMetrics
    private var registry: MetricsRegistry { metrics.registry }

    init() throws { metrics = try WorkerMetrics(hostname: "h") }

    /// Runs a worker until the body is through.
    private func withWorker(
        _ controller: Controller,
        topics: [String] = ["jobs"],
        options: WorkerOptions = WorkerOptions(shutdownSignals: []),
        _ body: () async throws -> Void
    ) async throws {
        let consumer = broker.makeConsumer(topics: topics, group: "g")
        let worker = Worker(consumer: consumer, controller: controller, options: options)
        async let running: Void = worker.run()
        try await body()
        await worker.shutdown()
        try await running
    }

    private func send(_ entrypoint: String, _ count: Int = 1) async throws {
        let producer = broker.makeProducer()
        for _ in 0..<count { try await producer.send(Message(entrypoint: entrypoint), to: "jobs") }
    }

    @Test("What a worker runs is counted by entrypoint, partition and outcome")
    func counts() async throws {
        broker.createTopic("jobs", partitions: 1)
        let ended = Requirement("all are run", count: 7)
        let controller = Controller(
            hooks: ControllerHooks(
                onSuccess: { _, result in
                    ended.fulfill()
                    return result
                },
                onError: { _, result in
                    ended.fulfill()
                    return result
                }
            ),
            logger: .none,
            monitor: metrics
        )
        try await controller.register("good") { (_: JSONObject, _) in }
        try await controller.register("bad") { (_: JSONObject, _) in throw KserError.internal("no") }
        try await send("good", 4)
        try await send("bad", 2)
        try await send("evil-\u{22}name\u{22}")
        try await withWorker(controller) { try await ended.wait(atMost: .seconds(60)) }

        let place = "messaging_system=\"kafka\""
        #expect(
            registry.sample(
                "messaging_client_consumed_messages_total{messaging_consumer_group_name=\"g\","
                    + "messaging_destination_name=\"jobs\",messaging_destination_partition_id=\"0\","
                    + "messaging_operation_name=\"poll\",\(place)}"
            ) == 7
        )
        func processed(_ error: String) -> Double? {
            registry.sample(
                "messaging_process_duration_seconds_count{error_type=\"\(error)\",messaging_consumer_group_name=\"g\","
                    + "messaging_destination_name=\"jobs\",messaging_operation_name=\"process\",\(place)}"
            )
        }
        #expect(processed("") == 4)
        #expect(processed("500") == 2)
        #expect(processed("400") == 1)
        #expect(registry.sample("kser_task_count") == 6)
        #expect(registry.sample("kser_task_result_total{hostname=\"h\",name=\"good\",status=\"SUCCESS\"}") == 4)
        #expect(registry.sample("kser_task_result_total{hostname=\"h\",name=\"bad\",status=\"FAILED\"}") == 2)
        #expect(registry.sample("kser_task_duration_seconds_count{entrypoint=\"good\",outcome=\"success\"}") == 4)
        #expect(registry.sample("kser_task_duration_seconds_count{entrypoint=\"bad\",outcome=\"failure\"}") == 2)
        #expect(registry.sample("kser_task_duration_seconds_count{entrypoint=\"\",outcome=\"failure\"}") == 1)
        #expect(registry.sample("kser_tasks_in_flight{entrypoint=\"good\"}") == 0)
        #expect(registry.sample("kser_dead_letters_total{entrypoint=\"\",reason=\"unknown-entrypoint\"}") == 1)
        #expect(!registry.lines().contains { $0.contains("evil") })
    }

    @Test("A retcode is a label only where it is a status, and traces that are sampled are exemplars")
    func retcodesAndExemplars() async throws {
        let controller = Controller(logger: .none, monitor: metrics)
        try await controller.register("odd") { (parameters: [String: Int], execution: Execution) in
            execution.result(retcode: parameters["code"] ?? 0)
        }
        let trace = String(repeating: "ab", count: 16)
        for (code, flags) in [(7, "01"), (404, "00"), (1_000_000, "00"), (-3, "00"), (599, "00")] {
            let message = Message(entrypoint: "odd", params: ["code": .integer(Int64(code))])
            let headers = [Record.Header("traceparent", text: "00-\(trace)-0000000000000006-\(flags)")]
            let value = try JSONMessageCodec().encode(message)
            _ = await controller.run(Record(topic: "jobs", value: value, headers: headers))
        }
        let lines = registry.lines(.openMetrics)
        let counts = lines.filter { $0.hasPrefix("messaging_process_duration_seconds_count{") }
        #expect(
            Set(counts.compactMap { $0.split(separator: "\"", omittingEmptySubsequences: false).dropFirst().first })
                == ["404", "599", "_OTHER", ""],
            "\(counts)"
        )
        let traced = lines.filter { $0.contains(" # {trace_id=\"\(trace)\"} ") }
        #expect(traced.count == 2 && traced.allSatisfy { $0.contains("_bucket{") }, "\(traced)")
    }

    @Test("Lag, what is in flight and what is not done are read while it is so")
    func progress() async throws {
        broker.createTopic("jobs", partitions: 1)
        let begun = Requirement("the first begins")
        let (gate, ended) = (Gate(), Requirement("all are run", count: 10))
        let controller = Controller(logger: .none, monitor: metrics)
        try await controller.register("wait") { (_: JSONObject, _) in
            begun.fulfill()
            await gate.pass()
            ended.fulfill()
        }
        try await send("wait", 10)
        let labels = "{group=\"g\",partition=\"0\",topic=\"jobs\"}"
        try await withWorker(controller) {
            try await begun.wait(atMost: .seconds(60))
            #expect(registry.sample("kser_consumer_lag\(labels)") == 10)
            #expect(registry.sample("kser_incomplete_offsets\(labels)") == 10)
            #expect(registry.sample("kser_tasks_in_flight{entrypoint=\"wait\"}") == 1)
            #expect(registry.sample("kser_oldest_in_flight_seconds\(labels)") ?? 0 > 0)
            #expect(registry.sample("kser_partitions_assigned{group=\"g\"}") == 1)
            #expect(registry.sample("kser_partitions_paused{group=\"g\"}") == 0)
            gate.open()
            try await ended.wait(atMost: .seconds(60))
        }
        #expect(registry.sample("kser_tasks_in_flight{entrypoint=\"wait\"}") == 0)
        #expect(!registry.lines().contains { $0.hasPrefix("kser_consumer_lag{") })
    }

    @Test("Retries are counted by tier, dead letters by reason, what is sent by topic")
    func ladder() async throws {
        let producer = metrics.counting(broker.makeProducer())
        let clock = ManualClock()
        let retries = RetryTopics([.seconds(10)], with: producer)
        var options = WorkerOptions(
            deadLetters: DeadLetterTopic(with: producer),
            retries: RetryPolicy(inPlace: Backoff(retries: 1), topics: retries),
            shutdownSignals: []
        )
        options.clock = clock.workerClock
        let controller = Controller(logger: .none, monitor: metrics)
        try await controller.register("flaky") { (_: JSONObject, _) in throw KserError.internal("again") }
        try await controller.register("hopeless") { (_: JSONObject, _) in throw KserError.validation("never") }
        try await send("hopeless")
        try await send("flaky")
        let topics = ["jobs"] + retries.names(for: "jobs")
        try await withWorker(controller, topics: topics, options: options) {
            try await clock.skip(atMost: .seconds(60))
            try await clock.skip(atMost: .seconds(60))
            var letters = broker.makeConsumer(topics: ["jobs-dlt"], group: "test").makeAsyncIterator()
            for _ in 0..<2 { _ = try await letters.next() }
        }
        #expect(registry.sample("kser_task_retries_total{entrypoint=\"flaky\",tier=\"in-place\"}") == 1)
        #expect(registry.sample("kser_task_retries_total{entrypoint=\"flaky\",tier=\"10000\"}") == 1)
        #expect(registry.sample("kser_dead_letters_total{entrypoint=\"hopeless\",reason=\"rejected\"}") == 1)
        #expect(registry.sample("kser_dead_letters_total{entrypoint=\"flaky\",reason=\"exhausted\"}") == 1)
        func sent(_ topic: String) -> Double? {
            registry.sample(
                "messaging_client_sent_messages_total{error_type=\"\",messaging_destination_name=\"\(topic)\","
                    + "messaging_operation_name=\"send\",messaging_system=\"kafka\"}"
            )
        }
        #expect(sent("jobs-dlt") == 2)
        #expect(sent("jobs-retry-10000") == 1)
    }

    @Test("Messages that cannot be opened are counted by why")
    func decryptFailures() async throws {
        let codec = try SecretBoxCodec(key: .generate())
        let controller = Controller(codec: codec, logger: .none, monitor: metrics)
        let sealed = try SecretBoxCodec(key: .generate()).encode(Message(entrypoint: "x"))
        _ = await controller.run(sealed)
        _ = await controller.run("{\"data\": \"AAAA\", \"nonce\": \"AAAA\"}")
        _ = await controller.run("no envelope")
        #expect(registry.sample("kser_decrypt_failures_total{reason=\"not-authentic\",topic=\"\"}") == 1)
        #expect(registry.sample("kser_decrypt_failures_total{reason=\"malformed\",topic=\"\"}") == 1)
        #expect(registry.lines().count { $0.hasPrefix("kser_decrypt_failures_total{") } == 2)
    }

    @Test("Operations are counted by the states that they come to")
    func operations() async throws {
        let good = await Chain(fails: false).build(logger: .none, monitor: metrics)
        let bad = await Chain(fails: true).build(logger: .none, monitor: metrics)
        #expect(await good.execute().isSuccess)
        #expect(await !bad.execute().isSuccess)
        func count(_ status: String) -> Double? {
            registry.sample("kser_operations_total{operation=\"chain\",status=\"\(status)\"}")
        }
        #expect(count("RUNNING") == 2)
        #expect(count("SUCCESS") == 1)
        #expect(count("FAILED") == 1)
        #expect(registry.sample("kser_task_count") == 2)
    }

    @Test("What is executed outside of a controller is counted by the monitor of the process")
    func executedDirectly() async throws {
        GlobalMonitor.register(metrics)
        defer { GlobalMonitor.register(nil) }
        let direct = Direct()
        _ = await direct.execute(logger: .none)
        _ = try await direct.throwingExecute(logger: .none)
        _ = await Chain(fails: false, path: "direct.chain").build(logger: .none).execute()
        _ = await direct.execute(logger: .none, monitor: nil)
        #expect(Controller(logger: .none).monitor === metrics)
        let result = "hostname=\"h\",name=\"direct\",status=\"SUCCESS\""
        #expect(registry.sample("kser_task_result_total{\(result)}") == 2)
        #expect(registry.sample("kser_operations_total{operation=\"direct.chain\",status=\"SUCCESS\"}") == 1)
    }

    @Test("Entrypoints whose names only look the same are counted apart")
    func namesByBytes() async throws {
        for (name, runs) in [("caf\u{e9}", 1), ("cafe\u{301}", 2)] {
            for _ in 0..<runs { _ = await Direct(path: name).execute(logger: .none, monitor: metrics) }
        }
        let counts = registry.lines().filter { $0.hasPrefix("kser_task_result_total{") }.map {
            $0.split(separator: " ").last
        }
        #expect(counts == ["1.0", "2.0"] || counts == ["2.0", "1.0"])
    }

    @Test("An entrypoint counts its own in one line")
    func ownMetrics() async throws {
        let greeter = Greeter(greetings: try registry.counter("app_greetings", help: "Greetings said"))
        _ = await greeter.execute(logger: .none)
        _ = await greeter.execute(logger: .none)
        #expect(registry.sample("app_greetings_total") == 2)
    }
}

private struct Direct: Entrypoint {
    var path = "direct"

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult { execution.result() }
}

private struct Greeter: Entrypoint {
    let greetings: Counter

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        greetings.increment()
        return execution.result(stdout: "Hello")
    }
}

private struct Step: TaskEntrypoint {
    let fails: Bool

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        if fails { throw KserError.internal("no") }
        return execution.result()
    }
}

private struct Chain: OperationEntrypoint {
    let fails: Bool
    var path = "chain"

    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        TaskCall(Step(fails: fails))
    }
}
