import Kser
import KserKafka
import KserTesting
import Synchronization
import Testing

/// What a broker never takes, with the sizes and errors of the real library.
@Suite("Refusals", .timeLimit(.minutes(3)))
struct RefusalTests {
    private let codec = JSONMessageCodec()

    @Test("what is too large for its topic blocks nothing, with default settings")
    func tooLarge() async throws {
        let broker = try EmbeddedBroker(topics: ["jobs": 1, "jobs-retry-100": 1, "jobs-dlt": 1, "results": 1])
        let producer = try broker.makeJSONProducer()
        let controller = Controller(logger: .none)
        try await controller.register("large") { (_: JSONObject, execution) in
            execution.result(stdout: String(repeating: "x", count: 2_000_000))
        }
        try await controller.register("fails") { (_: JSONObject, _) in throw KserError.io("no") }
        try await controller.register("works") { (_: JSONObject, _) in }
        try await producer.send(Message(uuid: "u0", entrypoint: "large"), to: "jobs")
        // Not larger than a record may be, and too large with the headers of a retry or a dead letter.
        for (uuid, entrypoint) in [("u1", "fails"), ("u2", "nowhere")] {
            var message = Message(uuid: uuid, entrypoint: entrypoint, params: ["text": ""])
            let room = 999_850 - (try codec.encode(message).count)
            message.params["text"] = .string(String(repeating: "v", count: room))
            try await producer.send(message, to: "jobs")
        }
        try await producer.send(Message(uuid: "u3", entrypoint: "works"), to: "jobs")
        let topics = RetryTopics([.milliseconds(100)], with: producer)
        let options = WorkerOptions(
            replies: Replies(to: "results", with: producer),
            deadLetters: DeadLetterTopic(with: producer),
            retries: RetryPolicy(inPlace: .none, topics: topics)
        )
        let consumer = try broker.makeConsumer(["jobs", "jobs-retry-100"])
        let worker = Worker(consumer: consumer, controller: controller, options: options)
        let reader = try KafkaTopicReader(bootstrapServers: broker.bootstrapServers)
        let replies = Mutex<[String: Message]>([:])
        try await worker.whileRunning {
            try await reader.follow("results", from: [0: 0], count: 4) { record in
                let reply = try codec.decode(record.value ?? [])
                replies.withLock { $0[reply.uuid] = reply }
            }
        }
        let results = replies.withLock { $0.mapValues(\.result) }
        #expect(results["u0"]?.stderr.contains("messageMaxBytes") == true, "\(results["u0"] as Any)")
        #expect(results["u0"]?.stderr.contains(/of 2\d\d\d\d\d\d bytes/) == true)
        #expect(results["u1"]?.retcode == 500 && results["u3"]?.retcode == 0)
        let letters = try await DeadLetters(in: reader).list("jobs")
        #expect(Set(letters.map(\.uuid)) == ["u1", "u2"])
        #expect(letters.allSatisfy { $0.cut == ["error-text", "value"] && $0.record.value?.isEmpty == true })
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        #expect(try await admin.committedOffsets(ofGroup: "g", topic: "jobs") == [0: 4])
        let report = try await DeadLetters(in: reader).replay("jobs", .uuids("u1"), with: producer)
        #expect(report.replayed == 1)
        #expect(try await admin.offsets(ofTopic: "jobs", partition: 0) == 0..<5)
        await producer.close()
    }

    @Test("a record that was refused with its batch is sent as it is once more")
    func batch() async throws {
        let broker = try EmbeddedBroker(topics: ["jobs": 1, "results": 1])
        let sender = try broker.makeJSONProducer()
        let producer = try broker.makeJSONProducer()
        let controller = Controller(logger: .none)
        try await controller.register("works") { (_: JSONObject, execution) in execution.result(stdout: "whole") }
        try await sender.send(Message(uuid: "u0", entrypoint: "works"), to: "jobs")
        try await broker.fail(.produce, with: [.messageTooLarge])
        let options = WorkerOptions(replies: Replies(to: "results", with: producer))
        let worker = Worker(consumer: try broker.makeConsumer(["jobs"]), controller: controller, options: options)
        let reader = try KafkaTopicReader(bootstrapServers: broker.bootstrapServers)
        let texts = Mutex<[String]>([])
        try await worker.whileRunning {
            try await reader.follow("results", from: [0: 0], count: 1) { record in
                let text = try codec.decode(record.value ?? []).result.stdout
                texts.withLock { $0.append(text) }
            }
        }
        #expect(texts.withLock { $0 } == ["whole"])
    }

    @Test("a topic that is not there, and a producer that is closed, end the worker", arguments: [true, false])
    func ends(isMissing: Bool) async throws {
        let broker = try EmbeddedBroker(topics: ["jobs": 1, "results": 1])
        let sender = try broker.makeJSONProducer()
        try await sender.send(Message(uuid: "u0", entrypoint: "works"), to: "jobs")
        let producer = try broker.makeJSONProducer { $0.deliveryTimeout = .seconds(2) }
        if isMissing { try await broker.failTopic("results", with: .unknownTopic) } else { await producer.close() }
        let controller = Controller(logger: .none)
        try await controller.register("works") { (_: JSONObject, _) in }
        var options = WorkerOptions(replies: Replies(to: "results", with: producer))
        // Waits are short, whatever they are to be.
        options.clock = WorkerClock(now: WorkerClock.system.now) { _ in try await Task.sleep(for: .milliseconds(5)) }
        let worker = Worker(consumer: try broker.makeConsumer(["jobs"]), controller: controller, options: options)
        do {
            try await worker.run()
            Issue.record("the worker ended without an error")
        } catch let error as KserError {
            #expect(isMissing && error.message.contains("the reply of jobs[0]@0 cannot be sent"))
            #expect((error.cause as? KafkaError)?.code == .unknownTopic)
        } catch let error as KafkaError {
            #expect(!isMissing && error.code == .closed)
        }
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        #expect(try await admin.committedOffsets(ofGroup: "g", topic: "jobs").isEmpty)
    }

    @Test("a transaction with a reply that is too large, and what is behind it, is committed")
    func transaction() async throws {
        let broker = try EmbeddedBroker(topics: ["jobs": 1, "results": 1])
        let sender = try broker.makeJSONProducer()
        for number in 0..<20 { try await sender.send(Message(uuid: "u\(number)", entrypoint: "step"), to: "jobs") }
        let controller = Controller(logger: .none)
        try await controller.register("step") { (_: JSONObject, execution) in
            execution.result(stdout: String(repeating: "x", count: execution.uuid == "u7" ? 2_000_000 : 1))
        }
        let producer = try broker.makeTransactionalProducer()
        let options = WorkerOptions(
            replies: Replies(to: "results", with: producer),
            transactions: Transactions(with: producer)
        )
        let worker = Worker(consumer: try broker.makeConsumer(["jobs"]), controller: controller, options: options)
        let reader = try KafkaTopicReader(bootstrapServers: broker.bootstrapServers)
        let replies = Mutex<Set<String>>([])
        try await worker.whileRunning {
            try await reader.follow("results", from: [0: 0], until: { replies.withLock { $0.count } == 20 }) { record in
                let reply = try codec.decode(record.value ?? [])
                replies.withLock { _ = $0.insert(reply.uuid) }
                if reply.uuid == "u7" { #expect(reply.result.stderr.contains("messageMaxBytes")) }
            }
        }
        await producer.close()
    }

    @Test("transactions refuse a consumer that reads what is not committed", arguments: [true, false])
    func isolation(byProperty: Bool) async throws {
        let broker = try EmbeddedBroker(topics: ["jobs": 1])
        let producer = try broker.makeTransactionalProducer()
        let consumer = try broker.makeConsumer(["jobs"]) {
            if byProperty {
                $0.additional["isolation.level"] = "read_uncommitted"
            } else {
                $0.isolation = .readUncommitted
            }
        }
        let worker = Worker(
            consumer: consumer,
            controller: Controller(logger: .none),
            options: WorkerOptions(transactions: Transactions(with: producer))
        )
        let error = await #expect(throws: KserError.self) { try await worker.run() }
        #expect(error?.kind == .configuration && error?.message.contains("isolation") == true)
        await producer.close()
    }

    @Test(
        "errors are judged by their codes",
        arguments: [
            (KafkaError.Code.messageTooLarge, SendVerdict.tooLarge), (.unknownTopic, .unknownTopic),
            (.notAuthorized, .refused), (.invalidRecord, .refused), (.invalidTopic, .refused),
            (.closed, .fatal), (.fenced, .fatal), (.abandoned, .transient), (.brokerUnavailable, .transient),
            (.timedOut, .transient), (.queueFull, .transient), (KafkaError.Code(rawValue: "NEW"), .transient),
        ]
    )
    func verdicts(code: KafkaError.Code, verdict: SendVerdict) {
        #expect(KafkaError(code, "x").verdict == verdict)
        #expect(KafkaError(code, "x", isFatal: true).verdict == .fatal)
        #expect(KafkaError(code, "x", isRetriable: true).verdict == .transient)
    }
}

extension EmbeddedBroker {
    fileprivate func makeJSONProducer(
        _ change: (inout ProducerConfiguration) -> Void = { _ in }
    ) throws -> Producer {
        var configuration = ProducerConfiguration(bootstrapServers: bootstrapServers)
        change(&configuration)
        return try Producer(configuration)
    }
}

extension KafkaTopicReader {
    private struct Enough: Error {}

    /// Reads until there is enough.
    fileprivate func follow(
        _ topic: String,
        from offsets: [Int32: Int64],
        until isEnough: () -> Bool,
        _ body: (Record) throws -> Void
    ) async throws {
        do {
            try await follow(topic, from: offsets) { record in
                try body(record)
                if isEnough() { throw Enough() }
            }
        } catch is Enough {}
    }

    /// Reads this many records.
    fileprivate func follow(
        _ topic: String,
        from offsets: [Int32: Int64],
        count: Int,
        _ body: (Record) throws -> Void
    ) async throws {
        var left = count
        do {
            try await follow(topic, from: offsets) { record in
                try body(record)
                left -= 1
                if left == 0 { throw Enough() }
            }
        } catch is Enough {}
    }
}

extension Worker {
    /// Runs the worker while the body does something, then shuts it down and waits for its end.
    fileprivate func whileRunning(_ body: () async throws -> Void) async throws {
        let running = Task { try await run() }
        do {
            try await body()
        } catch {
            running.cancel()
            throw error
        }
        await shutdown()
        try await running.value
    }
}
