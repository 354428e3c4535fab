import Kser
import KserTesting
import Synchronization
import Testing

/// What runs while its transaction becomes impossible.
@Suite(.timeLimit(.minutes(1))) struct TransactionDrainTests {
    private let gate = Gate()
    private let begun = Requirement("a handler that waits")

    @Test func aRecordThatComesBackWaitsForItsOldRunWhileOthersAreCommitted() async throws {
        let bench = TransactionBench(partitions: 2)
        let running = Mutex((now: 0, most: 0))
        try await bench.controller.register("step") { (_: JSONObject, execution) in
            if execution.record?.partition == 1 { return }
            running.withLock { running in
                running.now += 1
                running.most = max(running.most, running.now)
            }
            begun.fulfill()
            await gate.pass()
            running.withLock { $0.now -= 1 }
        }
        try await bench.send(0..<1, partitions: 2)
        let (worker, consumer) = makeWorker(bench, .partition)
        try await worker.whileRunning {
            try await begun.wait()
            consumer.losePartitions()
            for number in 0..<3 {
                try await bench.send((2 * number + 1)..<(2 * number + 2), partitions: 2)
                await bench.passTime { bench.committed(1) == Int64(number + 1) }
            }
            gate.open()
            await bench.passTime { bench.committed(0) == 1 }
        }
        #expect(running.withLock { $0.most } == 1)
        #expect(bench.results.filter { $0 == "t0" }.count == 1)
    }

    @Test func handlersThatRunAreWaitedForWhenTheProducerIsOfNoUse() async throws {
        let bench = TransactionBench()
        try await bench.controller.register("step") { (_: JSONObject, execution) in
            guard execution.record?.offset == 1 else { return try await begun.wait() }
            begun.fulfill()
            await gate.pass()
        }
        bench.producer.script.withLock {
            $0 = { _, records in if !records.isEmpty { throw ScriptedTransactions.Failure(verdict: .fatal) } }
        }
        try await bench.send(0..<2)
        let (worker, consumer) = makeWorker(bench, .unordered(limit: 2))
        let running = Task { try await worker.run() }
        try await begun.wait()
        let stream = try #require(consumer.assigned.first)
        await bench.passTime { stream.isEnded }
        #expect(stream.inFlight == 1)
        gate.open()
        await #expect(throws: ScriptedTransactions.Failure.self) { try await running.value }
        #expect(stream.inFlight == 0)
        #expect(bench.committed() == nil)
    }

    private func makeWorker(_ bench: TransactionBench, _ concurrency: Concurrency) -> (Worker, InMemoryConsumer) {
        let consumer = bench.broker.makeConsumer(topics: ["jobs"], group: "g")
        let options = bench.options { $0.maxDelay = .zero }
        let worker = Worker(
            consumer: consumer,
            controller: bench.controller,
            concurrency: concurrency,
            options: options
        )
        return (worker, consumer)
    }
}
