import Kser
import KserTesting
import Synchronization
import Testing

/// Transactions with something in them that can never be sent: it is found, and what is behind it becomes visible.
@Suite(.timeLimit(.minutes(1))) struct TransactionRefusalTests {
    private let bench = TransactionBench()

    /// Refuses transactions with such records, and says which one, if it is to.
    private func refuse(
        _ verdict: SendVerdict,
        saysWhich: Bool,
        _ isRefused: @escaping @Sendable (ProducerRecord) -> Bool
    ) {
        bench.producer.script.withLock {
            $0 = { _, records in
                guard let index = records.firstIndex(where: isRefused) else { return }
                throw Refusal(verdict: verdict, failedIndex: saysWhich ? index : nil)
            }
        }
    }

    @Test(arguments: [true, false])
    func aReplyThatIsTooLargeIsMadeSmallAndHoldsNothingUp(saysWhich: Bool) async throws {
        try await bench.controller.register("step") { (_: JSONObject, execution) in
            execution.result(stdout: String(repeating: "x", count: execution.uuid == "t7" ? 5_000 : 1))
        }
        refuse(.tooLarge, saysWhich: saysWhich) { $0.size > 2_000 }
        try await bench.send(0..<20)
        try await bench.withWorker(bench.options { $0.maxMessages = 20 }) {
            await bench.passTime { bench.committed() == 20 }
        }
        #expect(bench.results == (0..<20).map { "t\($0)" })
        let replies = try bench.broker.records(in: "results").map { try JSONMessageCodec().decode($0.value ?? []) }
        #expect(replies.map(\.result.retcode) == (0..<20).map { $0 == 7 ? 500 : 0 })
        #expect(replies[7].result.stderr.contains("raise someSetting"))
        // Taken apart, not one by one.
        #expect(bench.producer.attempts < 20)
    }

    @Test(arguments: [true, false])
    func aRecordOfTheHandlersIsItsFailure(saysWhich: Bool) async throws {
        let producer = bench.producer
        try await bench.controller.register("step") { (_: JSONObject, execution) in
            _ = try await producer.send(Message(uuid: execution.uuid, entrypoint: "next"), to: "next")
        }
        refuse(.refused, saysWhich: saysWhich) { $0.topic == "next" && $0.isOf("t3") }
        var options = bench.options { $0.maxMessages = 8 }
        options.retries = RetryPolicy(inPlace: .none)
        options.deadLetters = DeadLetterTopic(with: bench.producer)
        try await bench.send(0..<8)
        try await bench.withWorker(options) { await bench.passTime { bench.committed() == 8 } }
        #expect(bench.broker.records(in: "next").count == 7)
        let letters = try await DeadLetters(in: bench.broker).list("jobs")
        #expect(letters.map(\.uuid) == ["t3"] && letters.map(\.reason) == [.rejected])
        #expect(bench.results.count == 8)
    }

    @Test func aResultThatCannotBeWrittenIsTheHandlersFailure() async throws {
        try await bench.controller.register("step") { (_: JSONObject, execution) in
            execution.result(retval: ["loss": .double(execution.uuid == "t1" ? .nan : 1)])
        }
        try await bench.send(0..<3)
        try await bench.withWorker(bench.options()) { await bench.passTime { bench.committed() == 3 } }
        #expect(bench.results == ["t0", "t1", "t2"])
    }

    @Test func whatNobodyCanMendEndsTheWorkerWithThePlace() async throws {
        let bench = bench
        try await bench.controller.register("step") { (_: JSONObject, _) in }
        refuse(.unknownTopic, saysWhich: true) { $0.topic == "jobs-dlt" }
        var options = bench.options { $0.maxMessages = 4 }
        options.deadLetters = DeadLetterTopic(with: bench.producer)
        try await bench.send(0..<3)
        try await bench.send(3..<4, to: "nowhere")
        let ended = Mutex<(any Error)?>(nil)
        let worker = Worker(
            consumer: bench.broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: bench.controller,
            options: options
        )
        let running = Task {
            do { try await worker.run() } catch { ended.withLock { $0 = error } }
        }
        await bench.passTime { ended.withLock { $0 } != nil }
        await running.value
        let error = ended.withLock { $0 } as? KserError
        #expect(error?.message.contains("the dead letter of jobs[0]@3 cannot be sent") == true, "\(error as Any)")
        #expect(bench.committed() == 3)
    }

    @Test func theMonitorIsToldAfterTheCommit() async throws {
        let outcomes = Outcomes()
        let controller = Controller(logger: .none, monitor: outcomes)
        let early = Mutex<[String]>([])
        bench.producer.script.withLock {
            $0 = { attempt, records in
                early.withLock { $0 += outcomes.all }
                if (1...2).contains(attempt), !records.isEmpty { throw Refusal(verdict: .transient) }
            }
        }
        var options = bench.options()
        options.deadLetters = DeadLetterTopic(with: bench.producer)
        try await bench.send(0..<1, to: "nowhere")
        let worker = Worker(
            consumer: bench.broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            options: options
        )
        try await worker.whileRunning { await bench.passTime { bench.committed() == 1 } }
        #expect(early.withLock { $0 }.isEmpty)
        #expect(outcomes.all == ["given up unknown-entrypoint"])
    }
}

extension ProducerRecord {
    /// Whether it holds the message with this uuid.
    fileprivate func isOf(_ uuid: String) -> Bool { (try? JSONMessageCodec().decode(value ?? []).uuid) == uuid }
}
