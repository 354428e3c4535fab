import Kser
import KserKafka
import TestSupport
import Testing

extension FaultTests {
    /// The retry ladder on a real broker, by the real clock: four retries in place, two retry topics, dead letters.
    ///
    /// A delay may be 20 % longer than its setting, in which the broker's and the machine's share is; the shortest is 1.5 s
    /// so that this share is 300 ms at least. It is never shorter.
    struct LadderTests {
        private static let inPlace = Backoff(retries: 4, initial: .milliseconds(1_500), factor: 1.2, jitter: 0)
        private static let topics: [Duration] = [.seconds(3), .seconds(4)]
        private static var delays: [Duration] { (1...4).map { inPlace.pause(before: $0) } + topics }

        @Test func aHandlerThatFailsKTimesSucceedsOnTheNextAttempt() async throws {
            let copies = Size.pick(2, full: 20)
            let bench = try await LadderBench(Self.topics)
            for copy in 0..<copies { for failures in 1...6 { try await bench.send("k\(failures)-\(copy)", failures) } }
            let producer = try bench.makeProducer()
            let member = try await bench.join(Self.inPlace, RetryTopics(Self.topics, with: producer), producer)
            let tries = try await bench.succeeded(6 * copies)
            try await bench.allCommitted()
            try await member.leave()
            await producer.close()
            await bench.close()
            var delays: [Double] = []
            for copy in 0..<copies {
                for failures in 1...6 {
                    let tries = tries["k\(failures)-\(copy)"] ?? []
                    #expect(tries.map(\.attempt) == Array(1...failures + 1), "k = \(failures)")
                    for (delay, (before, after)) in zip(Self.delays, zip(tries, tries.dropFirst())) {
                        let ratio = before.end.duration(to: after.begin) / delay
                        #expect(ratio >= 0.999 && ratio <= 1.2, "\(delay) before attempt \(after.attempt)")
                        delays.append(ratio)
                    }
                }
            }
            #expect(try await bench.stage.deadLetters() == 0)
            report(
                "ladder",
                "k = 1…6, \(copies) of each",
                "\(delays.count) delays between \(percent(delays.min())) and \(percent(delays.max())) of their settings"
            )
        }

        @Test func atItsEndIsTheDeadLetterTopicOnceAndAReplaySucceeds() async throws {
            let bench = try await LadderBench([.milliseconds(500), .seconds(1)])
            try await bench.send("k7", 7)
            let producer = try bench.makeProducer()
            let topics = RetryTopics([.milliseconds(500), .seconds(1)], with: producer)
            let member = try await bench.join(
                Backoff(retries: 4, initial: .milliseconds(50), jitter: 0),
                topics,
                producer
            )
            let stage = bench.stage
            try await withDeadline(.seconds(60), "a dead letter") {
                try await poll { try await stage.deadLetters() > 0 }
            }
            try await bench.allCommitted()
            let letters = DeadLetters(in: try KafkaTopicReader(bootstrapServers: stage.servers))
            let found = try await letters.list(stage.topic)
            #expect(found.map(\.uuid) == ["k7"] && found.map(\.attempts) == [7])
            #expect(found.first?.reason == .exhausted && found.first?.originalTopic == stage.topic)
            #expect(try await letters.replay(stage.topic, with: producer).replayed == 1)
            let tries = try await bench.succeeded(1)
            #expect(tries["k7"]?.map(\.attempt) == [1, 2, 3, 4, 5, 6, 7, 1])
            try await bench.allCommitted()
            try await member.leave()
            await producer.close()
            await bench.close()
            #expect(try await stage.deadLetters() == 1)
            report("dead letter", "7 attempts, 1 letter", "replayed and handled")
        }

        @Test func aDeadLetterThatCannotBeSentHoldsTheCommitBack() async throws {
            let bench = try await LadderBench([])
            for number in 0..<10 { try await bench.send("t\(number)", number == 4 ? 1 : 0) }
            // Nobody listens there.
            var nowhere = ProducerConfiguration(bootstrapServers: "127.0.0.1:1")
            nowhere.deliveryTimeout = .milliseconds(500)
            nowhere.closeTimeout = .milliseconds(100)
            let lost = try Producer(nowhere)
            let member = try await bench.join(.none, nil, lost)
            let log = bench.log
            try await withDeadline(.seconds(60), "a try to send") {
                try await log.lines.wait { lines in lines.contains { $0.contains("not sent, trying again") } ? () : nil
                }
            }
            _ = try await bench.succeeded(9)
            let stage = bench.stage
            try await withDeadline(.seconds(30), "the commit of what is before it") {
                try await stage.lags { $0.values.reduce(0, +) == 6 }
            }
            try await member.leave()
            await lost.close()
            #expect(try await stage.admin.committedOffsets(ofGroup: stage.group, topic: stage.topic) == [0: 4])

            // Its next owner can send it.
            let producer = try bench.makeProducer()
            let next = try await bench.join(.none, nil, producer, failing: ["t4": .max])
            try await bench.allCommitted()
            try await next.leave()
            await producer.close()
            await bench.close()
            #expect(try await stage.deadLetters() == 1)
            report("dead letter that cannot be sent", "commit held back at it", "sent by the next owner")
        }

        private func percent(_ ratio: Double?) -> String { "\(((ratio ?? 0) * 100).shown) %" }
    }
}

/// A topic with its retry topics, and the tries of its tasks.
private struct LadderBench: Sendable {
    struct Try: Sendable {
        var attempt: Int
        var begin: ContinuousClock.Instant
        var end: ContinuousClock.Instant
        var isSuccess: Bool
    }

    let stage: Stage
    let log = Lines()
    private let tries = Watched<[String: [Try]]>([:])
    private let producer: Producer

    init(_ delays: [Duration]) async throws {
        stage = try await Stage(partitions: 1)
        producer = try Producer(ProducerConfiguration(bootstrapServers: stage.servers))
        let names = RetryTopics(delays, with: producer).names(for: stage.topic)
        try await stage.admin.createTopics(names.map { NewTopic($0, partitions: 1) })
    }

    func makeProducer() throws -> Producer { try Producer(ProducerConfiguration(bootstrapServers: stage.servers)) }

    /// Sends a task that fails this often.
    func send(_ uuid: String, _ failures: Int) async throws {
        let message = Message(uuid: uuid, entrypoint: "step", params: ["failures": .integer(Int64(failures))])
        try await producer.send(message, to: stage.topic)
    }

    /// A worker that tries again, whose dead letters go to a producer.
    func join(
        _ inPlace: Backoff,
        _ topics: RetryTopics?,
        _ letters: Producer,
        failing: [String: Int] = [:]
    ) async throws -> Member {
        let controller = Controller(logger: log.logger)
        try await controller.register("step") { [tries] (parameters: [String: Int], execution) in
            let begin = ContinuousClock.now
            let before = tries.value[execution.uuid]?.count ?? 0
            let fails = before < failing[execution.uuid] ?? parameters["failures"] ?? 0
            let (uuid, attempt) = (execution.uuid, execution.attempt)
            tries.update {
                $0[uuid, default: []].append(Try(attempt: attempt, begin: begin, end: .now, isSuccess: !fails))
            }
            if fails { throw KserError.io("disk full") }
        }
        var configuration = ConsumerConfiguration(bootstrapServers: stage.servers, groupID: stage.group)
        configuration.commitInterval = .milliseconds(100)
        let consumer = try Consumer(configuration, topics: [stage.topic] + (topics?.names(for: stage.topic) ?? []))
        let options = WorkerOptions(
            deadLetters: DeadLetterTopic(with: letters),
            retries: RetryPolicy(inPlace: inPlace, topics: topics)
        )
        return Member(
            Worker(consumer: consumer, controller: controller, concurrency: .unordered(limit: 64), options: options)
        )
    }

    /// Waits until this many tasks succeeded.
    func succeeded(_ count: Int) async throws -> [String: [Try]] {
        let tries = tries
        return try await withDeadline(.seconds(120), "\(count) tasks that succeed") {
            try await tries.wait { all in all.values.count { $0.contains(where: \.isSuccess) } >= count ? all : nil }
        }
    }

    func allCommitted() async throws { try await stage.allCommitted() }

    func close() async { await producer.close() }
}
