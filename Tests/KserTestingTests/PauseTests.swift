import Foundation
import Kser
import KserTesting
import Synchronization
import Testing

/// Workers that are paused and resumed.
@Suite(.timeLimit(.minutes(1))) struct PauseTests {
    private let broker = InMemoryBroker()
    private let handled = Handled()

    @Test(arguments: [Concurrency.partition, .key(limit: 4), .unordered(limit: 4)])
    func handlersInFlightFinishAndTheRestWaits(concurrency: Concurrency) async throws {
        broker.createTopic("jobs", partitions: 2)
        let begun = Requirement("begun", count: concurrency == .partition ? 2 : 4)
        let gate = Gate()
        let controller = try await controller {
            begun.fulfill()
            await gate.pass()
        }
        try await send(0..<200)
        let consumer = broker.makeConsumer(topics: ["jobs"], group: "g")
        try await withWorker(consumer, controller, concurrency) { worker in
            try await begun.wait()
            worker.pause()
            #expect(worker.isPaused)
            let count = begun.count
            gate.open()
            try await handled.wait(count)
            try await consumer.commit()
            for _ in 0..<1_000 { await Task.yield() }
            #expect(handled.all.count == count)
            #expect(committed().reduce(0, +) == Int64(count))
            worker.resume()
            try await handled.wait(200)
        }
        #expect(Set(handled.all).count == 200 && handled.all.count == 200)
        #expect(committed().reduce(0, +) == 200)
    }

    @Test func onePartitionWaitsAndTheOthersGoOn() async throws {
        broker.createTopic("jobs", partitions: 3)
        let controller = try await controller {}
        let consumer = broker.makeConsumer(topics: ["jobs"], group: "g")
        try await withWorker(consumer, controller) { worker in
            try await send(0..<3)
            try await handled.wait(3)
            let place = TopicPartition(topic: "jobs", partition: 1)
            #expect(worker.pause([place, TopicPartition(topic: "jobs", partition: 9)]) == [place])
            try await send(3..<93)
            try await handled.wait(63)
            for _ in 0..<1_000 { await Task.yield() }
            #expect(handled.all.count == 63)
            #expect(worker.resume([place]) == [place])
            try await handled.wait(93)
        }
        #expect(committed() == [31, 31, 31])
    }

    @Test func aPauseOfTheWholeOutlivesARebalanceAndOneOfAPartitionEndsWithItsAssignment() async throws {
        broker.createTopic("jobs", partitions: 2)
        let controller = try await controller {}
        let first = broker.makeConsumer(topics: ["jobs"], group: "g")
        try await withWorker(first, controller) { paused in
            try await send(0..<2)
            try await handled.wait(2)
            paused.pause(first.assigned.map(\.place))
            paused.pause()
            // The second one takes a partition over, which is not paused there.
            let second = broker.makeConsumer(topics: ["jobs"], group: "g")
            try await withWorker(second, controller) { _ in
                try await send(2..<22)
                try await handled.wait(12)
                #expect(second.assigned.allSatisfy { !$0.isPaused } && second.assigned.count == 1)
            }
            // It comes back, and waits with the other one.
            #expect(first.assigned.count == 2 && first.assigned.allSatisfy(\.isPaused))
            #expect(handled.all.count == 12)
            paused.resume()
            // One still is paused by itself: it was never taken away.
            #expect(first.assigned.map(\.isPaused).filter { $0 }.count == 1)
            paused.resume(first.assigned.map(\.place))
            try await handled.wait(22)
        }
        #expect(handled.all.count == 22)
    }

    @Test(arguments: [Concurrency.partition, .key(limit: 2)])
    func aPausedWorkerShutsDown(concurrency: Concurrency) async throws {
        let controller = try await controller {}
        let consumer = broker.makeConsumer(topics: ["jobs"], group: "g")
        try await withWorker(consumer, controller, concurrency) { worker in
            try await send(0..<1)
            try await handled.wait(1)
            worker.pause()
            try await send(1..<50)
        }
        #expect(handled.all.count == 1)
        #expect(committed() == [1])
    }

    @Test(arguments: [Concurrency.partition, .unordered(limit: 1)])
    func aWorkerPausedByItsFileLetsGoOfAPartitionThatIsTakenAway(concurrency: Concurrency) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kser-pause-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var files = ControlFiles.fromEnvironment(["LOCK_PATH": folder.path], host: "h")
        files.checkInterval = .seconds(600)
        let paused = Requirement("the pause")
        files.sleep = { duration in
            paused.fulfill()
            try await Task.sleep(for: duration)
        }
        let controller = try await controller { [path = files.pause] in
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        let source = HandFedSource()
        let stream = source.assign()
        try source.offer(Array(repeating: nil, count: 5), to: "step", in: stream)
        let options = WorkerOptions(controlFiles: files)
        let worker = Worker(consumer: source, controller: controller, concurrency: concurrency, options: options)
        try await worker.whileRunning {
            try await paused.wait()
            #expect(worker.isHeldBack && stream.inFlight > 0)
            stream.end()
            let deadline = ContinuousClock.now + .seconds(30)
            while stream.inFlight > 0 {
                try #require(ContinuousClock.now < deadline)
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        #expect(handled.all.count < 5)
    }

    private func controller(_ body: @escaping @Sendable () async -> Void) async throws -> Controller {
        let controller = Controller(logger: .none)
        try await controller.register("step") { [handled] (_: JSONObject, execution) in
            await body()
            handled.note(execution.uuid)
        }
        return controller
    }

    /// Sends to the partitions in turn, with ten keys.
    private func send(_ numbers: Range<Int>) async throws {
        let producer = broker.makeProducer()
        let partitions = (try? await broker.offsets(of: "jobs").count) ?? 1
        for number in numbers {
            try await producer.send(
                Message(uuid: "u\(number)", entrypoint: "step"),
                to: "jobs",
                key: Array("k\(number % 10)".utf8),
                partition: Int32(number % partitions)
            )
        }
    }

    private func committed() -> [Int64] {
        let partitions = Set(broker.records(in: "jobs").map(\.partition)).sorted()
        return partitions.map { broker.committedOffset(group: "g", topic: "jobs", partition: $0) ?? 0 }
    }

    private func withWorker(
        _ consumer: InMemoryConsumer,
        _ controller: Controller,
        _ concurrency: Concurrency = .partition,
        _ body: (Worker) async throws -> Void
    ) async throws {
        let worker = Worker(consumer: consumer, controller: controller, concurrency: concurrency)
        try await worker.whileRunning { try await body(worker) }
    }
}

/// What was handled, in order.
private final class Handled: Sendable {
    private let uuids = Mutex<[String]>([])
    private let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    var all: [String] { uuids.withLock { $0 } }

    func note(_ uuid: String) {
        uuids.withLock { $0.append(uuid) }
        arrived.yield()
    }

    /// Waits until this many are; the suite's time limit ends it.
    func wait(_ count: Int) async throws {
        if all.count >= count { return }
        for await _ in arrivals where all.count >= count { return }
        throw CancellationError()
    }
}
