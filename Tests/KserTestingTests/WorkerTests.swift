import Foundation
import Kser
import KserTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct WorkerTests {
    private let broker = InMemoryBroker()
    private let controller = Controller(logger: .none)

    @Test func partitionsRunBesideOneAnotherAndInOrderWithin() async throws {
        broker.createTopic("jobs", partitions: 3)
        let begun = Requirement("one handler of each partition", count: 3)
        let done = Requirement("all", count: 30)
        let gate = Gate()
        let order = Mutex<[Int32: [Int64]]>([:])
        try await controller.register("step") { (_: JSONObject, execution) in
            guard let record = execution.record else { return }
            order.withLock { $0[record.partition, default: []].append(record.offset) }
            begun.fulfill()
            await gate.pass()
            done.fulfill()
        }
        try await send(30, to: "step")
        try await withWorker {
            try await begun.wait()
            #expect(begun.count == 3)
            gate.open()
            try await done.wait()
        }
        for offsets in order.withLock({ $0.values }) { #expect(offsets == offsets.sorted()) }
        #expect(committed() == [10, 10, 10])
    }

    @Test func keysRunBesideOneAnotherAndInOrderWithin() async throws {
        let done = Requirement("all", count: 200)
        let running = Running()
        try await controller.register("step") { (parameters: Step, _) in
            await running.begin(parameters)
            for _ in 0..<(parameters.number % 7) { await Task.yield() }
            await running.end(parameters)
            done.fulfill()
        }
        let producer = broker.makeProducer()
        for number in 0..<200 {
            let key = "k\(number % 10)"
            let message = Message(
                entrypoint: "step",
                params: ["key": .string(key), "number": .integer(Int64(number))]
            )
            try await producer.send(message, to: "jobs", key: Array(key.utf8))
        }
        try await withWorker(.key(limit: 4)) { try await done.wait() }
        #expect(await running.isOrdered)
        #expect(await running.overlapped == false)
        #expect(await running.peak > 1)
        #expect(await running.peak <= 4)
        #expect(committed() == [200])
    }

    @Test func theUnorderedLimitCountsHandlersInFlight() async throws {
        broker.createTopic("jobs", partitions: 2)
        let begun = Requirement("five handlers", count: 5)
        let done = Requirement("all", count: 50)
        let gate = Gate()
        try await controller.register("step") { (_: JSONObject, _) in
            begun.fulfill()
            await gate.pass()
            done.fulfill()
        }
        try await send(50, to: "step")
        try await withWorker(.unordered(limit: 5)) {
            try await begun.wait()
            #expect(begun.count == 5)
            gate.open()
            try await done.wait()
        }
        #expect(committed() == [25, 25])
    }

    @Test func resultsGoToTheirTopicKeyedByTheUUID() async throws {
        try await controller.register("double") { (parameters: [String: Int], execution) in
            execution.result(retval: ["value": .integer(Int64((parameters["value"] ?? 0) * 2))])
        }
        let producer = broker.makeProducer()
        for value in 0..<20 as Range<Int64> {
            try await producer.send(
                Message(uuid: "u\(value)", entrypoint: "double", params: ["value": .integer(value)]),
                to: "jobs"
            )
        }
        let results = broker.makeConsumer(topics: ["results"], group: "reader")
        try await withWorker(options: WorkerOptions(replies: Replies(to: "results", with: producer))) {
            var seen: Set<String> = []
            for try await record in results {
                let reply = try JSONMessageCodec().decode(try #require(record.value))
                #expect(record.key == Array(reply.uuid.utf8))
                #expect(reply.result.uuid == reply.uuid)
                #expect(reply.result.retval["value"]?.int == reply.params["value"]?.int.map { $0 * 2 })
                seen.insert(reply.uuid)
                if seen.count == 20 { break }
            }
        }
        #expect(committed() == [20])
    }

    @Test func messagesThatNoHandlerTakesGoToTheDeadLetterTopicAsTheyAre() async throws {
        let producer = broker.makeProducer()
        let header = Record.Header("trace", text: "t1")
        let garbage = ProducerRecord(topic: "jobs", key: [1], value: Array("{".utf8), headers: [header])
        try await producer.send(garbage)
        try await producer.send(ProducerRecord(topic: "jobs", value: nil))
        try await producer.send(Message(entrypoint: "nowhere"), to: "jobs")
        let letters = broker.makeConsumer(topics: ["jobs-dlt"], group: "reader")
        try await withWorker(options: WorkerOptions(deadLetters: DeadLetterTopic(with: producer))) {
            var reasons: [String] = []
            for try await record in letters {
                let reason = record.headers.last { $0.name == "kser_dlt-reason" }?.value ?? []
                reasons.append(String(decoding: reason, as: UTF8.self))
                if reasons.count == 1 {
                    #expect(record.value == garbage.value)
                    #expect(record.key == garbage.key)
                    #expect(record.headers.first == header)
                }
                if reasons.count == 3 { break }
            }
            #expect(reasons == ["undecodable", "undecodable", "unknown-entrypoint"])
        }
        #expect(committed() == [3])
    }

    @Test func aDeadLetterThatCannotBeSentHoldsTheCommitBack() async throws {
        let failing = FailingProducer()
        try await broker.makeProducer().send(Message(entrypoint: "nowhere"), to: "jobs")
        try await withWorker(options: WorkerOptions(deadLetters: DeadLetterTopic(with: failing))) {
            try await failing.tried.wait()
        }
        #expect(committed() == [nil])
    }

    @Test func shuttingDownLetsHandlersFinish() async throws {
        let begun = Requirement("begun")
        let gate = Gate()
        try await controller.register("step") { (_: JSONObject, _) in
            begun.fulfill()
            await gate.pass()
        }
        try await send(10, to: "step")
        let worker = Worker(consumer: broker.makeConsumer(topics: ["jobs"], group: "g"), controller: controller)
        let running = Task { try await worker.run() }
        try await begun.wait()
        let closing = Task { await worker.shutdown() }
        gate.open()
        await closing.value
        try await running.value
        let handled = try #require(committed()[0])
        #expect(handled >= 1)
        #expect(begun.count == Int(handled))
    }

    @Test func whatCancellationInterruptsIsDeliveredAgain() async throws {
        let begun = Requirement("begun")
        try await controller.register("step") { (_: JSONObject, _) in
            begun.fulfill()
            try await Task.sleep(for: .seconds(600))
        }
        try await send(1, to: "step")
        let worker = Worker(consumer: broker.makeConsumer(topics: ["jobs"], group: "g"), controller: controller)
        let running = Task { try await worker.run() }
        try await begun.wait()
        running.cancel()
        try await running.value
        #expect(committed() == [nil])
        let again = broker.makeConsumer(topics: ["jobs"], group: "g")
        var iterator = again.makeAsyncIterator()
        #expect(try await iterator.next()?.offset == 0)
    }

    @Test func aProducerThatIsOfNoFurtherUseEndsTheWorker() async throws {
        try await broker.makeProducer().send(Message(entrypoint: "nowhere"), to: "jobs")
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            options: WorkerOptions(deadLetters: DeadLetterTopic(with: FailingProducer(error: Fatal())))
        )
        await #expect(throws: Fatal.self) { try await worker.run() }
        #expect(committed() == [nil])
    }

    @Test func aSignalShutsTheWorkerDownAndDoesAgainWhatItDidBefore() async throws {
        let begun = Requirement("begun")
        let gate = Gate()
        try await controller.register("step") { (_: JSONObject, _) in
            begun.fulfill()
            await gate.pass()
        }
        try await send(1, to: "step")
        // One that is ignored unless somebody watches it.
        let signal = ShutdownSignal(number: SIGURG)
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            options: WorkerOptions(shutdownSignals: [signal])
        )
        let running = Task { try await worker.run() }
        try await begun.wait()
        kill(getpid(), signal.number)
        gate.open()
        try await running.value
        #expect(committed() == [1])
        var after = sigaction()
        sigaction(signal.number, nil, &after)
        #if os(Linux)
        #expect(after.__sigaction_handler.sa_handler == nil)
        #endif
    }

    private func send(_ count: Int, to entrypoint: String) async throws {
        let producer = broker.makeProducer()
        for _ in 0..<count { try await producer.send(Message(entrypoint: entrypoint), to: "jobs") }
    }

    private func committed() -> [Int64?] {
        let partitions = Set(broker.records(in: "jobs").map(\.partition)).sorted()
        return partitions.map { broker.committedOffset(group: "g", topic: "jobs", partition: $0) }
    }

    private func withWorker(
        _ concurrency: Concurrency = .partition,
        options: WorkerOptions = WorkerOptions(),
        _ body: () async throws -> Void
    ) async throws {
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            concurrency: concurrency,
            options: options
        )
        try await worker.whileRunning(body)
    }
}

private struct Step: Codable, Sendable {
    var key: String
    var number: Int
}

private actor Running {
    private var running: Set<String> = []
    private var last: [String: Int] = [:]
    private(set) var peak = 0
    private(set) var overlapped = false
    private(set) var isOrdered = true

    func begin(_ step: Step) {
        if !running.insert(step.key).inserted { overlapped = true }
        if let last = last[step.key], last > step.number { isOrdered = false }
        last[step.key] = step.number
        peak = max(peak, running.count)
    }

    func end(_ step: Step) { running.remove(step.key) }
}

private struct Fatal: ClientError {
    let verdict = SendVerdict.fatal
}

private final class FailingProducer: MessageProducer {
    let codec: any MessageCodec = JSONMessageCodec()
    let logger = KserLogger.none
    let tried = Requirement("a try")
    private let error: any Error

    init(error: any Error = KserError.io("no such broker")) { self.error = error }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        tried.fulfill()
        throw error
    }
}
