import Kser
import KserTesting
import Synchronization
import Testing

/// Messages that end the process that handles them, worker after worker.
@Suite(.timeLimit(.minutes(1))) struct CrashTests {
    /// A journal as a process leaves it that has ended: nothing is noted any more.
    private final class Life: CrashJournal {
        private let journal: InMemoryCrashJournal
        private let isOver = Mutex(false)
        let end = Requirement("the end of the process")

        init(_ journal: InMemoryCrashJournal) { self.journal = journal }

        func crash() async throws {
            isOver.withLock { $0 = true }
            end.fulfill()
            try await Task.sleep(for: .seconds(600))
        }

        func begun(by group: String, in partition: TopicPartition) -> [Int64: Int] {
            journal.begun(by: group, in: partition)
        }

        func note(_ count: Int, by group: String, in partition: TopicPartition, offset: Int64) {
            isOver.withLock { isOver in
                if !isOver { journal.note(count, by: group, in: partition, offset: offset) }
            }
        }
    }

    private struct Passing: Middleware {
        func handle(_ invocation: Invocation, next: Next) async throws -> ExecutionResult {
            try await next(invocation)
        }
    }

    private let bench = RefusalBench()
    private let journal = InMemoryCrashJournal()

    private func options(in life: Life) -> WorkerOptions {
        bench.options(retries: RetryPolicy(inPlace: .none, crashes: CrashLimit(3, in: life)))
    }

    private func worker(_ controller: Controller, _ life: Life, _ concurrency: Concurrency) -> Worker {
        Worker(
            consumer: bench.broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            concurrency: concurrency,
            options: options(in: life)
        )
    }

    /// A process: `step` ends it for the message `u1`.
    private func controller(_ life: Life, isObserved: Bool = false) async throws -> Controller {
        let controller = Controller(middleware: isObserved ? [Passing()] : [], logger: .none)
        try await controller.register("step") { [runs = bench.runs] (_: JSONObject, execution) in
            runs.note(execution.uuid)
            if execution.uuid == "u1" { try await life.crash() }
        }
        return controller
    }

    @Test(arguments: [Concurrency.partition, .key(limit: 4)], [false, true])
    func aMessageThatEndsTheProcessIsADeadLetterAfterTheLimit(concurrency: Concurrency, isObserved: Bool) async throws {
        for number in 0..<6 { try await bench.send("u\(number)", key: [UInt8(number)]) }
        for _ in 0..<3 {
            let life = Life(journal)
            let worker = worker(try await controller(life, isObserved: isObserved), life, concurrency)
            let running = Task { try await worker.run() }
            try await life.end.wait()
            running.cancel()
            _ = await running.result
        }
        let life = Life(journal)
        let last = worker(try await controller(life, isObserved: isObserved), life, concurrency)
        try await last.whileRunning {
            while last.statistics.partitions.first?.position != 6, !Task.isCancelled { await Task.yield() }
        }
        #expect(bench.runs.all["u1"] == 3)
        let letters = try await DeadLetters(in: bench.broker).list("jobs")
        #expect(letters.map(\.uuid) == ["u1"] && letters.map(\.reason) == [.crashed])
        #expect(bench.results["u1"]?.result.stderr.contains("ended 3 time(s)") == true)
        #expect(bench.results.values.count { $0.result.isSuccess } == 5)
        #expect(bench.committed == 6)
        // A life that is played may commit what it can no longer take out of the journal, unlike one that ends.
        #expect(journal.begun(by: "g", in: TopicPartition(topic: "jobs", partition: 0))[1] == nil)
    }

    @Test func whatIsInterruptedHasNotEndedTheProcess() async throws {
        try await bench.send("u0")
        let controller = Controller(logger: .none)
        let begun = Requirement("begun", count: 5)
        try await controller.register("step") { [runs = bench.runs] (_: JSONObject, execution) in
            runs.note(execution.uuid)
            begun.fulfill()
            if (runs.all["u0"] ?? 0) < 5 { try await Task.sleep(for: .seconds(600)) }
        }
        for life in 1...4 {
            let worker = worker(controller, Life(journal), .partition)
            let running = Task { try await worker.run() }
            while bench.runs.all["u0"] != life, !Task.isCancelled { await Task.yield() }
            running.cancel()
            _ = await running.result
            #expect(journal.begun(by: "g", in: TopicPartition(topic: "jobs", partition: 0)).isEmpty)
        }
        try await worker(controller, Life(journal), .partition).whileRunning { try await begun.wait() }
        #expect(bench.committed == 1 && bench.broker.records(in: "jobs-dlt").isEmpty)
    }
}
