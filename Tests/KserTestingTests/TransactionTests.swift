import Kser
import KserTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct TransactionTests {
    private let bench = TransactionBench()

    @Test(arguments: [Concurrency.partition, .key(limit: 8), .unordered(limit: 8)])
    func resultsAndOffsetsAreCommittedTogetherAndInBatches(_ concurrency: Concurrency) async throws {
        let handled = Requirement("all handled", count: 250)
        try await bench.controller.register("step") { (_: JSONObject, _) in handled.fulfill() }
        try await bench.send(0..<250)
        try await bench.withWorker(bench.options { $0.maxMessages = 100 }, concurrency) { try await handled.wait() }
        #expect(bench.results == (0..<250).map { "t\($0)" })
        #expect(bench.committed() == 250)
        #expect(bench.producer.sizes.allSatisfy { $0 <= 100 } && bench.producer.sizes.count <= 8)
    }

    @Test func aMessageWaitsForOthersNoLongerThanItIsToldTo() async throws {
        let handled = Requirement("handled", count: 3)
        try await bench.controller.register("step") { (_: JSONObject, _) in handled.fulfill() }
        try await bench.send(0..<3)
        try await bench.withWorker(bench.options { $0.maxDelay = .seconds(7) }) {
            try await handled.wait()
            #expect(try await bench.clock.skip() == .seconds(7))
            await bench.passTime { bench.results.count == 3 }
        }
        #expect(bench.producer.sizes == [3])
    }

    @Test func aResultWaitsForTheMessagesBeforeIt() async throws {
        let gate = Gate()
        let others = Requirement("the others", count: 9)
        try await bench.controller.register("step") { (_: JSONObject, execution) in
            if execution.record?.offset == 0 { await gate.pass() } else { others.fulfill() }
        }
        try await bench.send(0..<10)
        try await bench.withWorker(bench.options { $0.maxDelay = .zero }, .unordered(limit: 10)) {
            try await others.wait()
            #expect(bench.results.isEmpty && bench.committed() == nil)
            gate.open()
            await bench.passTime { bench.results.count == 10 }
        }
        #expect(bench.results == (0..<10).map { "t\($0)" })
    }

    @Test func anAbortedTransactionIsTriedAgainWithoutTheHandlers() async throws {
        let runs = Mutex<[String: Int]>([:])
        let handled = Requirement("handled", count: 20)
        try await bench.controller.register("step") { (_: JSONObject, execution) in
            runs.withLock { $0[execution.uuid, default: 0] += 1 }
            handled.fulfill()
        }
        bench.producer.script.withLock {
            $0 = { attempt, _ in
                if (1...3).contains(attempt) { throw ScriptedTransactions.Failure() }
            }
        }
        try await bench.send(0..<20)
        try await bench.withWorker(bench.options { $0.maxMessages = 20 }) {
            try await handled.wait()
            await bench.passTime { bench.results.count == 20 }
        }
        #expect(bench.results == (0..<20).map { "t\($0)" })
        #expect(bench.committed() == 20)
        #expect(runs.withLock { $0.values.allSatisfy { $0 == 1 } })
    }

    @Test func aRecordThatCannotBeSentHoldsUpItsPartitionAlone() async throws {
        let bench = TransactionBench(partitions: 2)
        let handled = Requirement("handled", count: 40)
        try await bench.controller.register("step") { (_: JSONObject, _) in handled.fulfill() }
        bench.producer.script.withLock {
            $0 = { _, records in
                // t10 is the sixth of partition 0.
                if records.contains(where: { $0.key == Array("t10".utf8) }) {
                    throw ScriptedTransactions.Failure()
                }
            }
        }
        try await bench.send(0..<40, partitions: 2)
        try await bench.withWorker(bench.options { $0.maxMessages = 40 }) {
            try await handled.wait()
            await bench.passTime { bench.committed(1) == 20 && bench.committed(0) == 5 }
            #expect(bench.results.count == 25)
            bench.producer.script.withLock { $0 = { _, _ in } }
            await bench.passTime { bench.committed(0) == 20 }
        }
        #expect(Set(bench.results).count == 40 && bench.results.count == 40)
    }

    @Test func aProducerThatIsOfNoUseEndsTheWorkerAndCommitsNothing() async throws {
        try await bench.controller.register("step") { (_: JSONObject, _) in }
        bench.producer.script.withLock {
            $0 = { attempt, _ in
                if attempt == 2 { throw ScriptedTransactions.Failure(verdict: .fatal) }
            }
        }
        try await bench.send(0..<10)
        let worker = Worker(
            consumer: bench.broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: bench.controller,
            options: bench.options { $0.maxMessages = 4 }
        )
        await #expect(throws: ScriptedTransactions.Failure.self) { try await worker.run() }
        #expect(bench.results.count == 4)
        #expect(bench.committed() == 4)
        // What was not committed is for the next.
        bench.producer.script.withLock { $0 = { _, _ in } }
        try await bench.withWorker(bench.options { $0.maxDelay = .zero }) {
            await bench.passTime { bench.results.count == 10 }
        }
        #expect(bench.results == (0..<10).map { "t\($0)" })
    }

    @Test func transactionsThatCannotBeginEndTheWorker() async throws {
        bench.producer.script.withLock { $0 = { _, _ in throw ScriptedTransactions.Failure() } }
        // Nobody shuts them down: they end by themselves.
        await #expect(throws: ScriptedTransactions.Failure.self) {
            try await bench.makeWorker(bench.options()).run()
        }
        var options = bench.options()
        options.acknowledgement = .beforeRun
        let error = await #expect(throws: KserError.self) { try await bench.makeWorker(options).run() }
        #expect(error?.kind == .configuration)
    }

    @Test func whatAHandlerSendsIsInItsTransactionUnlessItFails() async throws {
        let producer = bench.producer
        let plain = bench.broker.makeProducer()
        try await bench.controller.register("step") { (_: JSONObject, execution) in
            let metadata = try await producer.send(
                Message(uuid: "n\(execution.attempt)", entrypoint: "next"),
                to: "next"
            )
            #expect(metadata.offset == nil && metadata.partition == -1)
            try await plain.send(Message(uuid: "p\(execution.attempt)", entrypoint: "next"), to: "plain")
            if execution.attempt < 3 { throw KserError.io("not yet") }
        }
        var options = bench.options()
        options.retries = RetryPolicy(inPlace: Backoff(retries: 3, initial: .seconds(1), jitter: 0))
        try await bench.send(0..<1)
        try await bench.withWorker(options) {
            await bench.passTime { !bench.results.isEmpty }
        }
        let next = try bench.broker.records(in: "next").map { try JSONMessageCodec().decode($0.value ?? []).uuid }
        #expect(next == ["n3"])
        #expect(bench.broker.records(in: "plain").count == 3)
        #expect(bench.producer.sizes == [2])
    }

    @Test func aSendAfterTheHandlerHasEndedIsRefused() async throws {
        let producer = bench.producer
        let gate = Gate()
        let refused = Requirement("refused")
        try await bench.controller.register("step") { (_: JSONObject, _) in
            _ = Task {
                await gate.pass()
                do { try await producer.send(Message(entrypoint: "next"), to: "next") } catch { refused.fulfill() }
            }
        }
        try await bench.send(0..<1)
        try await bench.withWorker(bench.options { $0.maxDelay = .zero }) {
            await bench.passTime { bench.results.count == 1 }
            gate.open()
            try await refused.wait()
        }
        #expect(bench.broker.records(in: "next").isEmpty)
    }

    @Test func retriesAndDeadLettersAreInTheTransaction() async throws {
        try await bench.controller.register("step") { (_: JSONObject, _) in throw KserError.io("never") }
        var options = bench.options()
        // Other producers are not asked: all goes with the offsets.
        let plain = bench.broker.makeProducer()
        options.retries = RetryPolicy(inPlace: .none, topics: RetryTopics([.seconds(10)], with: plain))
        options.deadLetters = DeadLetterTopic(with: plain)
        try await bench.send(0..<1)
        try await bench.controller.register("refused") { (_: JSONObject, _) in throw KserError.validation("no") }
        try await bench.send(1..<2, to: "refused")
        try await bench.withWorker(options) {
            await bench.passTime { bench.committed() == 2 }
        }
        #expect(bench.broker.records(in: "jobs-retry-10000").count == 1)
        #expect(bench.broker.records(in: "jobs-dlt").count == 1)
        #expect(bench.results == ["t1"])
        #expect(bench.producer.sizes.reduce(0, +) == 3)
    }
}
