import KserTesting
import Synchronization
import Testing

@testable import Kser

/// What a worker has in work: how much at once, and what becomes of it when its partition goes.
@Suite(.timeLimit(.minutes(2))) struct InFlightTests {
    private let controller = Controller(logger: .none)
    private let source = HandFedSource()

    @Test(arguments: [1, 4])
    func theLimitAloneSaysHowManyAreInFlight(partitions: Int) async throws {
        let limit = 2_000
        let begun = Requirement("as many handlers as the limit allows", count: limit)
        let done = Requirement("all", count: limit + 200)
        let gate = Gate()
        try await controller.register("wait") { (_: JSONObject, _) in
            begun.fulfill()
            await gate.pass()
            done.fulfill()
        }
        let broker = InMemoryBroker()
        broker.createTopic("jobs", partitions: partitions)
        let producer = broker.makeProducer()
        for _ in 0..<(limit + 200) { try await producer.send(Message(entrypoint: "wait"), to: "jobs") }
        var options = WorkerOptions()
        options.maxUncommitted = 100
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            concurrency: .unordered(limit: limit),
            options: options
        )
        try await worker.whileRunning {
            try await begun.wait(atMost: .seconds(60))
            #expect(begun.count == limit)
            gate.open()
            try await done.wait(atMost: .seconds(60))
        }
    }

    @Test func aStuckRecordStopsItsPartitionBeforeMuchPilesUpBehindIt() async throws {
        let handled = Requirement("what may be begun behind a stuck record", count: 199)
        let gate = Gate()
        try await controller.register("stick") { (_: JSONObject, execution) in
            if execution.record?.offset == 0 { await gate.pass() } else { handled.fulfill() }
        }
        let stream = source.assign()
        try source.offer(Array(repeating: nil, count: 600), to: "stick", in: stream)
        var options = WorkerOptions()
        #expect(options.maxUncommitted == 10_000)
        options.maxUncommitted = 200
        try await worker(.unordered(limit: 64), options).whileRunning {
            try await handled.wait()
            // The loop that hands records out waits with the next one.
            try await poll { stream.state.withLock { $0.approach?.offset == 200 } }
            #expect(handled.count == 199)
            gate.open()
            try await poll { stream.statistics.position == 600 }
        }
    }

    @Test func nothingAboveARecordThatIsGivenUpBegins() async throws {
        let begun = Requirement("the first of each key", count: 2)
        let gate = Gate()
        let order = Mutex<[Int64]>([])
        try await controller.register("step") { (_: JSONObject, execution) in
            let offset = execution.record?.offset ?? -1
            order.withLock { $0.append(offset) }
            begun.fulfill()
            await gate.pass()
            if offset == 0 { throw KserError.io("not now") }
        }
        var options = WorkerOptions()
        options.retries = RetryPolicy(inPlace: Backoff(retries: 3, initial: .seconds(600), jitter: 0))
        let stream = source.assign()
        try source.offer(["a", "a", "b"], to: "step", in: stream)
        try await worker(.key(limit: 4), options).whileRunning {
            try await begun.wait()
            stream.end()
            gate.open()
            try await poll { stream.inFlight == 0 }
        }
        #expect(order.withLock { $0.sorted() } == [0, 2])
        #expect(stream.statistics.position == 0)
    }

    @Test(arguments: [Concurrency.partition, .key(limit: 4)])
    func handlersOfAReleasedPartitionAreCancelled(concurrency: Concurrency) async throws {
        let begun = Requirement("a handler")
        let cancelled = Requirement("its cancellation")
        try await controller.register("sleep") { (_: JSONObject, _) in
            begun.fulfill()
            do {
                try await Task.sleep(for: .seconds(600))
            } catch {
                cancelled.fulfill()
                throw error
            }
        }
        let stream = source.assign()
        try source.offer(["a"], to: "sleep", in: stream)
        try await worker(concurrency).whileRunning {
            try await begun.wait()
            stream.end()
            stream.release()
            try await cancelled.wait()
        }
        #expect(stream.statistics.position == 0)
    }

    @Test func aRecordThatComesBackWaitsForItsOldRun() async throws {
        let gate = Gate()
        let (first, second) = (Requirement("the first run of record 0"), Requirement("the second run of record 0"))
        let other = Requirement("the run of record 1 that came back", count: 2)
        let running = Mutex((now: 0, most: 0, runs: 0))
        try await controller.register("long") { (_: JSONObject, execution) in
            if execution.record?.offset == 1 { return other.fulfill() }
            let run = running.withLock { running in
                running.now += 1
                running.runs += 1
                running.most = max(running.most, running.now)
                return running.runs
            }
            (run == 1 ? first : second).fulfill()
            await gate.pass()
            running.withLock { $0.now -= 1 }
        }
        try await worker(.key(limit: 4)).whileRunning {
            // Taken away with no time to drain, then with time that it does not use up.
            for isReleased in [true, false] {
                let stream = source.assign()
                try source.offer(["a", "b"], to: "long", in: stream)
                try await first.wait()
                try await poll { stream.statistics.doneAboveGap == 1 }
                stream.end()
                if isReleased { stream.release() } else { try await poll { stream.inFlight == 0 } }
            }
            let stream = source.assign()
            try source.offer(["a", "b"], to: "long", in: stream)
            try await poll { stream.statistics.doneAboveGap == 1 }
            #expect(running.withLock { $0.runs } == 1)
            gate.open()
            try await second.wait()
            try await poll { stream.statistics.position == 2 }
        }
        #expect(running.withLock { $0.most } == 1)
    }

    @Test func aRecordWithoutAnOldRunQueuesForItsPlaceOnce() async throws {
        let (stuck, gate) = (Gate(), Gate())
        let begun = Requirement("the stuck one")
        let (next, last) = (Requirement("the one after it"), Requirement("the last one"))
        let order = Mutex<[String]>([])
        try await controller.register("step") { (_: JSONObject, execution) in
            guard let record = execution.record else { return }
            let name = "\(record.partition)/\(record.offset)"
            order.withLock { $0.append(name) }
            switch name {
            case "0/0":
                begun.fulfill()
                await stuck.pass()
            case "0/1":
                next.fulfill()
                await gate.pass()
            case "1/0": last.fulfill()
            default: break
            }
        }
        let worker = worker(.unordered(limit: 2))
        try await worker.whileRunning {
            let old = source.assign()
            try source.offer([nil], to: "step", in: old)
            try await begun.wait()
            old.end()
            old.release()
            let new = source.assign()
            try source.offer([nil], to: "step", from: 1, in: new)
            try await next.wait()
            // The other place is taken too.
            try source.offer([nil], to: "step", from: 2, in: new)
            try await poll { worker.handlers.waiting == 1 }
            try source.offer([nil], to: "step", in: source.assign(1))
            try await poll { worker.handlers.waiting == 2 }
            gate.open()
            try await last.wait()
            stuck.open()
        }
        #expect(order.withLock { $0 } == ["0/0", "0/1", "0/2", "1/0"])
    }

    @Test func whatWaitsBehindABusyKeyIsBounded() async throws {
        let gate = Gate()
        let begun = Requirement("the first of the key")
        try await controller.register("step") { (_: JSONObject, _) in
            begun.fulfill()
            await gate.pass()
        }
        let stream = source.assign()
        // In batches, since one is handed out as a whole.
        for first in stride(from: 0, to: 2_000 as Int64, by: 10) {
            try source.offer(Array(repeating: "a", count: 10), to: "step", from: first, in: stream)
        }
        try await worker(.key(limit: 100)).whileRunning {
            try await begun.wait()
            try await poll { stream.statistics.incomplete >= 1_000 }
            #expect(stream.statistics.incomplete < 1_100)
            #expect(stream.buffered > 800)
            gate.open()
            try await poll { stream.statistics.position == 2_000 }
        }
    }

    @Test func aHandlerBeyondItsLimitKeepsItsKeysTurnAndItsPlace() async throws {
        let end = Gate()
        let stuck = Stuck(end: end)
        try await controller.register(stuck, as: "stuck")
        let stream = source.assign()
        try source.offer(["a", "a", "b"], to: "stuck", in: stream)
        var options = WorkerOptions()
        options.retries = RetryPolicy(inPlace: Backoff(retries: 2, initial: .milliseconds(1), jitter: 0))
        try await worker(.key(limit: 1), options).whileRunning {
            try await stuck.begun.wait()
            // Well past its limit.
            try await Task.sleep(for: .milliseconds(200))
            #expect(stuck.begun.count == 1)
            end.open()
            try await poll { stream.statistics.position == 3 }
        }
        #expect(stuck.most.withLock { $0.most } == 1)
    }

    @Test func beforeRunACommitThatIsRefusedIsTriedAgain() async throws {
        let seen = Mutex<[[Int64]]>([])
        let done = Requirement("both", count: 2)
        try await controller.register("step") { [source] (_: JSONObject, _) in
            seen.withLock { $0.append(source.committed) }
            done.fulfill()
        }
        let stream = source.assign()
        try source.offer([nil, nil], to: "step", from: 7, in: stream)
        source.refuseCommits([KserError.io("not now")])
        var options = WorkerOptions()
        options.acknowledgement = .beforeRun
        try await worker(.partition, options).whileRunning { try await done.wait() }
        #expect(seen.withLock { $0 } == [[8], [8, 9]], "each is committed right before it runs")
    }

    @Test func beforeRunWhatIsNotCommittedIsForTheNextOwner() async throws {
        let ran = Mutex(0)
        try await controller.register("step") { (_: JSONObject, _) in ran.withLock { $0 += 1 } }
        let stream = source.assign()
        try source.offer([nil], to: "step", in: stream)
        source.refuseCommits(Array(repeating: KserError.io("never"), count: 1_000))
        var options = WorkerOptions()
        options.acknowledgement = .beforeRun
        let clock = ManualClock()
        options.clock = clock.workerClock
        try await worker(.partition, options).whileRunning {
            try await clock.waitForSleepers()
            stream.end()
            try await poll { stream.inFlight == 0 }
        }
        #expect(ran.withLock { $0 } == 0)
        #expect(stream.takeCommittable() == 0)
    }

    @Test func beforeRunWhatIsLostWhileItIsCommittedIsForTheNextOwner() async throws {
        let ran = Mutex(0)
        try await controller.register("step") { (_: JSONObject, _) in ran.withLock { $0 += 1 } }
        let stream = source.assign()
        try source.offer([nil], to: "step", in: stream)
        source.lose(stream)
        var options = WorkerOptions()
        options.acknowledgement = .beforeRun
        try await worker(.partition, options).whileRunning {
            try await poll { stream.isEnded && stream.inFlight == 0 }
        }
        #expect(ran.withLock { $0 } == 0)
        #expect(source.committed.isEmpty)
    }

    @Test func beforeRunGoesWithOneRecordAfterTheOtherOnly() async throws {
        var options = WorkerOptions()
        options.acknowledgement = .beforeRun
        for concurrency in [Concurrency.key(limit: 1), .unordered(limit: 1)] {
            let error = await #expect(throws: KserError.self) { try await worker(concurrency, options).run() }
            #expect(error?.kind == .configuration)
        }
        let producer = InMemoryBroker().makeProducer()
        options.operations = OperationCluster(store: InMemoryOperationStore(), producer: producer, topic: "jobs")
        let error = await #expect(throws: KserError.self) { try await worker(.partition, options).run() }
        #expect(error?.kind == .configuration)
    }

    private func worker(_ concurrency: Concurrency, _ options: WorkerOptions = WorkerOptions()) -> Worker {
        Worker(consumer: source, controller: controller, concurrency: concurrency, options: options)
    }

    private func poll(_ isTrue: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while !isTrue() {
            try #require(ContinuousClock.now < deadline)
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// Ignores its cancellation, until the test lets it end.
private struct Stuck: Entrypoint {
    let end: Gate
    let begun = Requirement("a stuck handler")
    let most = Shared()

    final class Shared: Sendable {
        private let state = Mutex((now: 0, most: 0))
        func withLock<T>(_ body: (inout (now: Int, most: Int)) -> T) -> T { state.withLock { body(&$0) } }
    }

    var timeLimit: Duration? { .milliseconds(20) }

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        most.withLock { state in
            state.now += 1
            state.most = max(state.most, state.now)
        }
        begun.fulfill()
        await end.pass()
        most.withLock { $0.now -= 1 }
        try Task.checkCancellation()
        return execution.result()
    }
}
