import Kser
import KserTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct DeadLettersTests {
    private let bench = RetryBench()
    private var letters: DeadLetters { DeadLetters(in: bench.broker) }
    private var producer: InMemoryProducer { bench.broker.makeProducer() }

    @Test func lettersAreListedAndShown() async throws {
        try await makeLetters()
        let all = try await letters.list("jobs")
        #expect(all.map(\.uuid) == ["u0", "u1", "u2", nil, "u4"])
        #expect(all.map(\.reason) == [.exhausted, .exhausted, .rejected, .undecodable, .unknownEntrypoint])
        #expect(all.map(\.originalOffset) == [0, 1, 2, 3, 4])
        #expect(all.map(\.attempts) == [1, 1, 1, 1, 1])
        #expect(all[0].errorCode == 500 && all[0].errorName == "IOError" && all[0].errorText == "disk full")
        #expect(all[0].group == "g" && all[0].originalTopic == "jobs" && all[0].replays == 0)
        #expect(all[0].firstFailure == bench.clock.now)
        #expect(try all[0].message().uuid == "u0")
        #expect(all[0].description == "jobs-dlt[0]@0 fails[u0] exhausted 500: disk full")
        #expect(try await letters.list("jobs", limit: 2) == Array(all.prefix(2)))
        #expect(try await letters.show("jobs", partition: 0, offset: 2) == all[2])
        #expect(try await letters.show("jobs", partition: 0, offset: 5) == nil)
        #expect(try await letters.show("jobs", partition: 7, offset: 0) == nil)
        await #expect(throws: KserError.self) { try await letters.list("nowhere") }
    }

    @Test func lettersAreSelected() async throws {
        try await makeLetters()
        #expect(try await list { $0.uuids = ["u1", "u4"] } == [1, 4])
        #expect(try await list { $0.entrypoints = ["fails"] } == [0, 1])
        #expect(try await list { $0.reasons = [.rejected, .undecodable] } == [2, 3])
        #expect(try await list { $0.offsets = 1..<3 } == [1, 2])
        #expect(try await list { $0.offsets = 4..<99 } == [4])
        #expect(try await list { $0.from = [0: 3] } == [3, 4])
        #expect(try await list { $0.from = [0: 99] } == [])
        #expect(try await list { $0.partitions = [1] } == [])
        #expect(
            try await list {
                $0.entrypoints = ["fails"]
                $0.offsets = 1..<9
            } == [1]
        )
    }

    @Test func replayedLettersRunAsTheyWereSentFirst() async throws {
        try await bench.register(failing: 7)
        let sent = try await bench.send(key: "k", headers: [Record.Header("trace", text: "t1")])
        try await bench.withWorker(options: bench.options()) {
            for _ in 0..<6 { try await bench.clock.skip() }
            try await bench.replied.wait()
            let report = try await letters.replay("jobs", .uuids("u1"), with: producer)
            #expect(report.replayed == 1 && report.ends == [0: 1])
            try await bench.succeeded.wait()
        }
        #expect(bench.attempts == [1, 2, 3, 4, 5, 6, 7, 1])
        let replayed = try #require(bench.broker.records(in: "jobs").last)
        #expect(replayed.key == sent.key)
        #expect(replayed.value == sent.value)
        #expect(replayed.headers == sent.headers + [Record.Header("kser_replays", text: "1")])
        #expect(bench.broker.records(in: "jobs-dlt").count == 1)
    }

    @Test func replayedLettersGoToThePartitionThatTheyCameFrom() async throws {
        bench.broker.createTopic("jobs", partitions: 8)
        bench.broker.createTopic("elsewhere", partitions: 8)
        for number in 0..<16 {
            // A key whose place is that of its sender's partitioner, not of ours.
            let record = ProducerRecord(topic: "jobs", partition: Int32(number % 8), key: [7], value: [1])
            try await producer.send(record)
        }
        try await work(until: 16, bench.options(inPlace: .none, topics: []))
        let report = try await letters.replay("jobs", with: producer)
        #expect(report.replayed == 16 && report.inTheirPartition == 16)
        for partition in 0..<8 {
            #expect(bench.broker.records(in: "jobs").count { $0.partition == partition } == 4)
        }
        var options = ReplayOptions()
        options.topic = "elsewhere"
        let other = try await letters.replay("jobs", with: producer, options: options)
        #expect(other.replayed == 16 && other.inTheirPartition == 0)
        #expect(Set(bench.broker.records(in: "elsewhere").map(\.partition)).count == 1)
        options.topic = nil
        options.keepsPartition = false
        let chosen = try await letters.replay("jobs", with: producer, options: options)
        #expect(chosen.replayed == 16 && chosen.inTheirPartition == 0)
    }

    @Test(arguments: [-1, 8, .max] as [Int32])
    func aPartitionThatIsNotThereIsNotKept(partition: Int32) async throws {
        bench.broker.createTopic("jobs", partitions: 8)
        let headers: [Record.Header] = [
            .init("kafka_dlt-original-topic", text: "jobs"),
            .init("kafka_dlt-original-partition", withUnsafeBytes(of: partition.bigEndian) { Array($0) }),
        ]
        try await producer.send(ProducerRecord(topic: "jobs-dlt", value: [1], headers: headers))
        let report = try await letters.replay("jobs", with: producer)
        #expect(report.replayed == 1 && report.inTheirPartition == 0)
        #expect(bench.broker.records(in: "jobs").count == 1)
    }

    @Test func replaysAreCountedAndCapped() async throws {
        try await bench.register(failing: .max)
        try await bench.send()
        let options = bench.options(inPlace: .none, topics: [])
        var from: [Int32: Int64] = [:]
        for round in 0...3 {
            try await work(until: round + 1, options)
            var selection = DeadLetterSelection()
            selection.from = from
            let letter = try await letters.list("jobs", selection)
            #expect(letter.map(\.replays) == [round])
            let report = try await letters.replay("jobs", selection, with: producer)
            #expect(report.replayed == (round < 3 ? 1 : 0))
            #expect(report.overCap == (round < 3 ? 0 : 1))
            from = report.ends
        }
        #expect(bench.broker.records(in: "jobs").count == 4)
    }

    @Test func tasksOfOperationsThatHaveFailedStayAndAreNamed() async throws {
        let stage = Stage()
        stage.broker.createTopic("jobs-dlt")
        let failing = try await stage.step("fails") { _ in throw KserError.validation("never") }
        var options = WorkerOptions()
        options.retries = RetryPolicy()
        options.deadLetters = DeadLetterTopic(with: stage.broker.makeProducer())
        let producer = stage.broker.makeProducer()
        let operation = try await stage.withWorkers(options: options) {
            let launched = try await ClusterSteps { TaskCall(failing, uuid: "task") }.build(logger: .none)
                .launch(on: stage.cluster)
            #expect(try await launched.result().retcode == 400)
            try await producer.send(Message(uuid: "alone", entrypoint: failing.path), to: "jobs")
            try await stage.settle()
            return launched.uuid
        }
        // One that its operation still waits for, since nobody could read it.
        try await producer.send(
            Message(
                uuid: "unread",
                entrypoint: failing.path,
                metadata: ["kser.operation": ["uuid": .string(operation), "round": 1]]
            ),
            to: "jobs-dlt",
            headers: [Record.Header("kser_dlt-reason", text: "undecodable")]
        )
        let letters = DeadLetters(in: stage.broker)
        let listed = try await letters.list("jobs")
        #expect(listed.map(\.uuid) == ["task", "alone", "unread"])
        #expect(listed.map(\.operation) == [operation, nil, operation])
        let report = try await letters.replay("jobs", with: producer)
        #expect(report.replayed == 2)
        #expect(report.ofOperations == 1)
        #expect(report.operations == [operation])
        var elsewhere = ReplayOptions()
        elsewhere.topic = "jobs-kept"
        let kept = try await letters.replay("jobs", .uuids("task"), with: producer, options: elsewhere)
        #expect(kept.replayed == 1 && kept.ofOperations == 0)
    }

    @Test func aDryRunOnlyCounts() async throws {
        try await makeLetters()
        var options = ReplayOptions()
        options.isDryRun = true
        options.rate = 0.001
        options.clock = bench.clock.workerClock
        var selection = DeadLetterSelection()
        selection.entrypoints = ["fails"]
        let report = try await letters.replay("jobs", selection, with: producer, options: options)
        #expect(report.replayed == 2 && report.passedOver == 3 && report.ends == [0: 5])
        #expect(bench.broker.records(in: "jobs").count == 5)
    }

    @Test func theRateAndTheLimitHold() async throws {
        try await makeLetters()
        var options = ReplayOptions()
        options.rate = 4
        options.limit = 3
        options.topic = "elsewhere"
        options.clock = bench.clock.workerClock
        let (letters, producer) = (letters, producer)
        async let report = letters.replay("jobs", with: producer, options: options)
        for count in 1...2 {
            try await bench.clock.waitForSleepers()
            #expect(bench.broker.records(in: "elsewhere").count == count)
            #expect(try await bench.clock.skip() == .milliseconds(250))
        }
        #expect(try await report.replayed == 3)
        #expect(try await report.ends == [0: 3])
        #expect(bench.broker.records(in: "elsewhere").count == 3)
        #expect(bench.clock.elapsed == .milliseconds(500))
    }

    @Test func aReplayThatStopsTellsWhere() async throws {
        try await makeLetters()
        let error = await #expect(throws: ReplayError.self) {
            try await letters.replay("jobs", with: FailsOnSecond(producer: producer))
        }
        #expect(error?.report.replayed == 1)
        #expect(error?.report.ends == [0: 1])
        #expect(error?.letter?.uuid == "u1")
        #expect(error?.description.hasPrefix("The replay stopped at jobs-dlt[0]@1 after 1 messages") == true)
    }

    /// Offsets 0 to 4: two exhausted, one rejected, one undecodable, one of an unknown entrypoint.
    private func makeLetters() async throws {
        try await bench.controller.register("fails") { (_: JSONObject, _) in throw KserError.io("disk full") }
        try await bench.controller.register("refuses") { (_: JSONObject, _) in throw KserError.validation("no") }
        for (index, name) in ["fails", "fails", "refuses"].enumerated() {
            try await producer.send(Message(uuid: "u\(index)", entrypoint: name), to: "jobs")
        }
        try await producer.send(ProducerRecord(topic: "jobs", value: Array("{".utf8)))
        try await producer.send(Message(uuid: "u4", entrypoint: "nowhere"), to: "jobs")
        try await work(until: 5, bench.options(inPlace: .none, topics: []))
    }

    /// Works until so many letters are written.
    private func work(until count: Int, _ options: WorkerOptions) async throws {
        let written = Requirement("letters", count: count - bench.broker.records(in: "jobs-dlt").count)
        var options = options
        options.deadLetters = DeadLetterTopic(with: Counting(to: producer, written))
        try await bench.withWorker(options: options) { try await written.wait() }
    }

    private func list(_ change: (inout DeadLetterSelection) -> Void) async throws -> [Int64] {
        var selection = DeadLetterSelection()
        change(&selection)
        return try await letters.list("jobs", selection).map(\.record.offset)
    }
}

private struct FailsOnSecond: MessageProducer {
    let producer: InMemoryProducer
    let codec: any MessageCodec = JSONMessageCodec()
    let logger = KserLogger.none
    private let count = Box()

    private final class Box: Sendable { let value = Mutex(0) }

    init(producer: InMemoryProducer) { self.producer = producer }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        let isSecond = count.value.withLock { count in
            count += 1
            return count == 2
        }
        if isSecond { throw KserError.io("no such broker") }
        return try await producer.send(record)
    }
}
