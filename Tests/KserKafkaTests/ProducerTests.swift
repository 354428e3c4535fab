import Kser
import KserKafka
import KserTesting
import Testing

@Suite("Producer", .timeLimit(.minutes(3)))
struct ProducerTests {
    @Test("messages are sent with kser's log lines and results")
    func messages() async throws {
        let broker = try EmbeddedBroker(topics: ["jobs": 1])
        let lines = Lines()
        let producer = try broker.makeProducer(logger: lines.logger)
        let message = Message(uuid: "u1", entrypoint: "vec.Echo")
        let result = await producer.report(message, to: "jobs")
        #expect(result == ExecutionResult(uuid: "u1", stdout: "Message vec.Echo[u1] sent in jobs"))
        let bulk = await producer.report(contentsOf: [message, message], to: "jobs")
        #expect(bulk.stdout == "2 message(s) sent")
        #expect(try await producer.send(message, to: "jobs", key: [1], partition: 0).offset == 3)
        let texts = lines.all.filter { $0.logger == "kser.controller" }.map(\.message)
        #expect(
            texts == [
                "Producer.ReceivedMessage vec.Echo[u1]",
                "Producer.Success: vec.Echo[u1]: Message vec.Echo[u1] sent in jobs",
                "Producer.ReceivedMessage vec.Echo[u1]", "Producer.ReceivedMessage vec.Echo[u1]",
                "Producer.ReceivedMessage vec.Echo[u1]",
                "Producer.Success: vec.Echo[u1]: Message vec.Echo[u1] sent in jobs",
            ]
        )
        await producer.close()
        let failed = await producer.report(message, to: "jobs")
        #expect(failed.uuid == "u1" && failed.retcode == 500 && failed.stderr == "the producer is closed")
    }

    /// The limit is half of the time that 20 scans of librdkafka would take, which is when it asks for topics by itself.
    @Test("the first record to a topic is sent at once, though the producer is connected")
    func firstRecords() async throws {
        let names = (0...20).map { "topic-\($0)" }
        let broker = try EmbeddedBroker(topics: Dictionary(uniqueKeysWithValues: names.map { ($0, 1) }))
        let producer = try broker.makeProducer()
        let record = { ProducerRecord(topic: $0, value: [1]) }
        try await producer.send(record(names[0]))
        let time = try await ContinuousClock().measure {
            for name in names.dropFirst() { try await producer.send(record(name)) }
        }
        #expect(time < .seconds(10))
        await producer.close()
    }

    @Test("a message that is too large is refused at once, with the setting")
    func tooLarge() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeProducer { $0.messageMaxBytes = 2_000 }
        let large = ProducerRecord(topic: "t", value: Array(repeating: 1, count: 3_000))
        let error = await kafkaError { try await producer.send(large) }
        #expect(error?.code == .messageTooLarge && error?.topic == "t" && error?.rdKafkaCode == 10)
        #expect(error?.message.contains("messageMaxBytes") == true)
        let bulk = await kafkaError {
            try await producer.send(contentsOf: [ProducerRecord("t", "a"), large, ProducerRecord("t", "b")])
        }
        #expect(bulk?.code == .bulk && bulk?.failedIndices == [1])
        #expect((bulk?.cause as? KafkaError)?.code == .messageTooLarge)
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        #expect(try await admin.offsets(ofTopic: "t", partition: 0) == 0..<2)
    }

    @Test("a wrong partition and a bad topic name are told, with and without headers")
    func wrongPlace() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 2])
        let producer = try broker.makeProducer()
        try await producer.send(ProducerRecord("t", "known", partition: 1))
        for headers in [[], [Record.Header("a", text: "b")]] {
            var record = ProducerRecord("t", "x", partition: 7)
            record.headers = headers
            let error = await kafkaError { try await producer.send(record) }
            #expect(error?.code == .unknownPartition && error?.partition == 7)
        }
        for topic in ["", "a b", "a\0b", "é", String(repeating: "x", count: 250)] {
            #expect(await kafkaError { try await producer.send(ProducerRecord(topic, "x")) }?.code == .invalidTopic)
        }
        #expect(await kafkaError { try await producer.send(ProducerRecord("t", "x", partition: -2)) }?.partition == -2)
    }

    @Test("a topic that the cluster has not is told, with what to do")
    func unknownTopic() async throws {
        let broker = try EmbeddedBroker(topics: ["gone": 1])
        try await broker.failTopic("gone", with: .unknownTopic)
        let producer = try broker.makeProducer { $0.deliveryTimeout = .seconds(10) }
        let error = await kafkaError { try await producer.send(ProducerRecord("gone", "x")) }
        #expect(error?.code == .unknownTopic)
        #expect(error?.message.contains("Admin.createTopics") == true)
    }

    @Test("without a broker a send fails within the delivery timeout and says where it looked")
    func noBroker() async throws {
        var configuration = ProducerConfiguration(bootstrapServers: "127.0.0.1:1")
        configuration.deliveryTimeout = .seconds(1)
        let lines = Lines()
        let producer = try Producer(configuration, codec: PlainCodec(), logger: lines.logger)
        let start = ContinuousClock.now
        let error = await kafkaError { try await producer.send(ProducerRecord("t", "x")) }
        #expect(ContinuousClock.now - start < .seconds(25))
        #expect(error?.code == .brokerUnavailable && error?.isRetriable == true)
        #expect(error?.message.contains("check bootstrapServers") == true)
        #expect(error?.message.contains("127.0.0.1:1") == true)
        await producer.close()
        // librdkafka says the same 20 times a second; one line of them is to pass.
        let seconds = Int((ContinuousClock.now - start).components.seconds)
        #expect(lines.all.filter { $0.logger == "kser.kafka" && $0.message.hasPrefix("FAIL") }.count < 4 + seconds)
    }

    @Test("a full queue makes sends wait, then go on, or fail at the queue timeout")
    func backpressure() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeProducer {
            $0.queueMaxMessages = 2
            $0.queueTimeout = .seconds(3)
            $0.reconnectSoon()
        }
        try await producer.send(ProducerRecord("t", "warm"))
        try await broker.setBroker(isUp: false)
        let first = try await producer.enqueue(ProducerRecord("t", "1"))
        let second = try await producer.enqueue(ProducerRecord("t", "2"))
        let error = await kafkaError { _ = try await producer.enqueue(ProducerRecord("t", "3")) }
        #expect(error?.code == .queueFull && error?.isRetriable == true)
        #expect(error?.message.contains("queueMaxMessages") == true)
        let cancelled = Task { try await producer.send(ProducerRecord("t", "4")) }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        try await broker.setBroker(isUp: true)
        #expect(try await first.metadata().offset == 1)
        #expect(try await second.metadata().offset == 2)
        // There is room again, for many at once.
        try await producer.send(contentsOf: (0..<50).map { ProducerRecord("t", "\($0)") })
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        #expect(try await admin.offsets(ofTopic: "t", partition: 0) == 0..<53)
    }

    @Test("when librdkafka's own queue is smaller than the budget, sends wait as well")
    func ownQueueFull() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeProducer { $0.additional["queue.buffering.max.messages"] = "10" }
        try await producer.send(contentsOf: (0..<500).map { ProducerRecord("t", "\($0)") })
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        #expect(try await admin.offsets(ofTopic: "t", partition: 0) == 0..<500)
    }

    @Test("a cancelled send ends at once")
    func cancellation() async throws {
        let producer = try Producer(ProducerConfiguration(bootstrapServers: "127.0.0.1:1"), codec: PlainCodec())
        let start = ContinuousClock.now
        let task = Task { try await producer.send(ProducerRecord("t", "x")) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(ContinuousClock.now - start < .seconds(25))
    }

    @Test("closing gives up what cannot be delivered, twice is once, and later sends fail")
    func close() async throws {
        var configuration = ProducerConfiguration(bootstrapServers: "127.0.0.1:1")
        configuration.closeTimeout = .milliseconds(200)
        let producer = try Producer(configuration, codec: PlainCodec())
        let delivery = try await producer.enqueue(ProducerRecord("t", "x"))
        await #expect(throws: KafkaError.self) { try await producer.flush(timeout: .milliseconds(50)) }
        async let once: Void = producer.close()
        async let twice: Void = producer.close()
        _ = await (once, twice)
        await producer.close()
        #expect(await kafkaError { _ = try await delivery.metadata() }?.code == .abandoned)
        #expect(await kafkaError { try await producer.send(ProducerRecord("t", "x")) }?.code == .closed)
    }

    @Test("releasing a producer delivers what it took")
    func release() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        var producer: Producer? = try broker.makeProducer { $0.linger = .milliseconds(200) }
        let delivery = try await producer?.enqueue(ProducerRecord("t", "x"))
        producer = nil
        #expect(try await delivery?.metadata().offset == 0)
        // Again, and by two at once: an outcome may be asked for any number of times.
        async let again = delivery?.metadata()
        async let twice = delivery?.metadata()
        #expect(try await [again, twice].map { $0?.offset } == [0, 0])
    }

    @Test("a record goes at once when it is alone, and lingers while others are on their way")
    func lingering() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeProducer { $0.linger = .seconds(1) }
        let clock = ContinuousClock()
        let record = ProducerRecord("t", "x")
        try await producer.send(record)  // connects
        let alone = try await clock.measure { for _ in 0..<5 { try await producer.send(record) } }
        #expect(alone < .seconds(5))
        try await broker.setRoundTripTime(.milliseconds(1_500))
        let first = try await producer.enqueue(record)
        // As long as the first would linger, nobody does.
        try await clock.sleep(for: .milliseconds(1_200))
        let second = try await clock.measure { try await producer.send(record) }
        #expect(second > .milliseconds(2_300))
        #expect(try await first.metadata().offset == 6)
    }

    /// In one request, since librdkafka's mock cluster looks at no sequence numbers: it takes a second one that is on its way
    /// behind a refused one, which a broker does not.
    @Test("a retriable refusal of the broker is retried, in order")
    func retries() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try broker.makeProducer { $0.additional["max.in.flight.requests.per.connection"] = "1" }
        try await producer.send(ProducerRecord("t", "0"))
        try await broker.fail(.produce, with: [.notEnoughReplicas, .requestTimedOut, .disconnect])
        let sent = try await producer.send(contentsOf: (1...20).map { ProducerRecord("t", "\($0)") })
        #expect(sent.map(\.offset) == (1...20).map { $0 })
    }
}

extension ProducerConfiguration {
    mutating func reconnectSoon() { additional["reconnect.backoff.max.ms"] = "100" }
}
