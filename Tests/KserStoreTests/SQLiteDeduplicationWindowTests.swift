import Foundation
import Kser
import KserTesting
import Synchronization
import TestSupport
import Testing

@testable import KserStore

@Suite(.timeLimit(.minutes(2))) struct SQLiteDeduplicationWindowTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory("handled")
        path = directory.url.appending(path: "handled.db").path()
    }

    @Test func whatWasHandledIsKnownWhenTheFileIsOpenedAgain() async throws {
        let window = try await SQLiteDeduplicationWindow(path: path)
        try await window.insert(DeduplicationKey(uuid: "u"))
        await window.close()
        let error = await #expect(throws: StoreError.self) { try await window.contains(DeduplicationKey(uuid: "u")) }
        #expect(error?.code == .closed)
        let (one, other) = (
            try await SQLiteDeduplicationWindow(path: path), try await SQLiteDeduplicationWindow(path: path)
        )
        #expect(try await one.contains(DeduplicationKey(uuid: "u")))
        #expect(try await !one.contains(DeduplicationKey(uuid: "u", replays: 1)))
        try await other.insert(DeduplicationKey(uuid: "u", replays: 1))
        #expect(try await one.contains(DeduplicationKey(uuid: "u", replays: 1)))
    }

    @Test func itForgetsWithAgeAndNumber() async throws {
        let clock = ManualClock()
        let window = try await SQLiteDeduplicationWindow(
            path: path,
            capacity: 2,
            lifetime: .seconds(10),
            clock: clock.workerClock
        )
        let keys = (0..<3).map { DeduplicationKey(uuid: "u\($0)") }
        for key in keys {
            clock.advance(by: .milliseconds(1))
            try await window.insert(key)
        }
        var known: [Bool] = []
        for key in keys { known.append(try await window.contains(key)) }
        #expect(known == [false, true, true])
        clock.advance(by: .seconds(10))
        for key in keys { #expect(try await !window.contains(key)) }
        try await window.insert(keys[0])
        #expect(try await window.contains(keys[0]))
    }

    @Test func aWorkerThatIsStartedAgainPassesOverWhatItHandled() async throws {
        let broker = InMemoryBroker()
        let runs = Mutex<[String]>([])
        let controller = Controller(logger: .none)
        try await controller.register("step") { (_: JSONObject, execution) in
            runs.withLock { $0.append(execution.uuid) }
        }
        for uuids in [["a", "b"], ["b", "c", "a"]] {
            let producer = broker.makeProducer()
            for uuid in uuids { try await producer.send(Message(uuid: uuid, entrypoint: "step"), to: "jobs") }
            let window = try await SQLiteDeduplicationWindow(path: path)
            let worker = Worker(
                consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
                controller: controller,
                concurrency: .unordered(limit: 4),
                options: WorkerOptions(deduplication: window)
            )
            let running = Task { try await worker.run() }
            let end = broker.records(in: "jobs").count
            try await withDeadline(.seconds(30), "\(end) records done") {
                while worker.statistics.partitions.first?.position != Int64(end) { await Task.yield() }
            }
            #expect(worker.statistics.duplicates == (uuids.count == 3 ? 2 : 0))
            await worker.shutdown()
            try await running.value
            await window.close()
        }
        #expect(runs.withLock { $0.sorted() } == ["a", "b", "c"])
    }

    @Test func uuidsOfAnyLengthTakeLittleRoomAndAreKnownAfterARestart() async throws {
        let uuids = (0..<40).map { "\($0)" + String(repeating: "x", count: 400_000) }
        let window = try await SQLiteDeduplicationWindow(path: path)
        for uuid in uuids { try await window.insert(DeduplicationKey(uuid: uuid)) }
        await window.close()
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.url.path())
        let sizes = try files.map { try Data(contentsOf: directory.url.appending(path: $0)).count }
        #expect(sizes.reduce(0, +) < 1 << 20)
        let again = try await SQLiteDeduplicationWindow(path: path)
        for uuid in uuids {
            #expect(try await again.contains(DeduplicationKey(uuid: uuid)))
            #expect(try await !again.contains(DeduplicationKey(uuid: uuid + "x")))
        }
    }

    @Test(arguments: [Duration.seconds(Int64.max), .zero, .seconds(Int64.min)])
    func noLifetimeTraps(lifetime: Duration) async throws {
        let window = try await SQLiteDeduplicationWindow(path: path, capacity: 1, lifetime: lifetime)
        try await window.insert(DeduplicationKey(uuid: "u"))
        #expect(try await window.contains(DeduplicationKey(uuid: "u")) == (lifetime > .zero))
    }

    @Test func aFileThatIsNoDatabaseIsRefused() async throws {
        try directory.write(String(repeating: "this is no database ", count: 1_000), to: "handled.db")
        let error = await #expect(throws: StoreError.self) { try await SQLiteDeduplicationWindow(path: path) }
        #expect(error?.code == .corrupt && error?.store == path)
    }
}
