import Foundation
import Kser
import KserCrypto
import KserKafka
import KserTesting
import KserTracing
import OpenTracing
import OpenTracingMock
import TestSupport
import Testing

/// What can be read of a cluster whose messages are sealed and bound, by those who have no key.
@Suite(.timeLimit(.minutes(5))) struct SealedTopicTests {
    /// What must not be found anywhere. No base64 of sealed bytes holds it but by a chance of 1 to 2^80.
    private static let marker = "hunter2-MARKER-plain"

    @Test func noByteOfAnyTopicIsOfTheContent() async throws {
        let marker = Self.marker
        let names = ["jobs", "jobs-retry-1", "jobs-dlt", "tasks", "results", "control"]
        let broker = try EmbeddedBroker(topics: Dictionary(uniqueKeysWithValues: names.map { ($0, 1) }))
        let codec = SecretBoxCodec(
            keys: try SecretBoxKeyRing(current: "2026", .generate()),
            binding: TopicBinding()
        )
        let tracer = MockTracer()
        let tracing = Tracing(tracer)
        let plain = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers), codec: codec)
        let producer = TracedProducer(plain, tracing)
        let reader = try KafkaTopicReader(bootstrapServers: broker.bootstrapServers)
        let cluster = OperationCluster(store: InMemoryOperationStore(), producer: producer, topic: "tasks")

        let controller = Controller(codec: codec, logger: .none, tracing: tracing)
        let baggage = LogKeeper()
        try await controller.register("good") { (_: JSONObject, execution) in
            baggage.log(LogRecord(.info, logger: "test", tracer.activeSpan?.baggageItem("user") ?? "none"))
            return execution.result(stdout: marker, retval: ["x": .string(marker)])
        }
        try await controller.register("bad") { (_: JSONObject, _) in
            throw KserError.io(marker, extra: ["x": .string(marker)])
        }
        try await controller.register("stuck") { (_: JSONObject, _) in try await Task.sleep(for: .seconds(600)) }
        try await controller.register(Launch())
        try await controller.register(Step())
        let topics = RetryTopics([.milliseconds(1)], with: producer)
        let worker = Worker(
            consumer: try Consumer(
                ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: "g"),
                topics: ["jobs", "tasks"] + topics.names(for: "jobs")
            ),
            controller: controller,
            concurrency: .unordered(limit: 8),
            options: WorkerOptions(
                replies: Replies(to: "results", with: producer),
                deadLetters: DeadLetterTopic(with: producer),
                retries: RetryPolicy(inPlace: .none, topics: topics),
                operations: cluster,
                deduplication: .inMemory(),
                cancellations: Cancellations(topic: "control", in: reader)
            )
        )
        let params: JSONObject = ["password": .string(marker), "x": .string(marker)]
        try await withWorker(worker) {
            let span = tracer.startSpan("root")
            span.setBaggageItem("user", marker)
            try await tracer.activate(span, finishOnClose: true) { _ in
                for (number, entrypoint) in ["good", "bad", "stuck", "unknown"].enumerated() {
                    try await producer.send(
                        Message(
                            uuid: "\(marker)-\(number)",
                            entrypoint: entrypoint,
                            params: params,
                            metadata: ["note": .string(marker)]
                        ),
                        to: "jobs",
                        key: Array("\(marker)-key".utf8)
                    )
                }
                try await Launch().build(params, uuid: "\(marker)-operation").launch(on: cluster)
            }
            try await wait("a reply") { try await reader.offsets(of: "results")[0]?.isEmpty == false }
            try await TaskCanceller(topic: "control", with: producer).cancel("\(marker)-2", reason: marker)
            try await wait("4 replies, and that of the operation's task") {
                try await reader.offsets(of: "results")[0]?.count ?? 0 >= 5
            }
            try await wait("2 dead letters") { try await reader.offsets(of: "jobs-dlt")[0]?.count == 2 }
        }

        // The content went its way: the task had its baggage, and who has the key reads the dead letters.
        #expect(baggage.records.map(\.message) == [marker])
        let letters = try await DeadLetters(in: reader, codec: codec).list("jobs")
        #expect(Set(letters.map(\.uuid)) == ["\(marker)-1", "\(marker)-3"])
        #expect(letters.allSatisfy { $0.errorCode != nil && $0.errorText == nil && $0.errorName == nil })

        var bytes = 0
        for name in names {
            for (partition, held) in try await reader.offsets(of: name) {
                #expect(!held.isEmpty, "\(name) holds nothing to look at")
                try await reader.read(name, partition: partition, offsets: held) { record in
                    let parts =
                        [record.key, record.value].compactMap(\.self)
                        + record.headers.flatMap { [Array($0.name.utf8), $0.value ?? []] }
                    bytes += parts.reduce(0) { $0 + $1.count }
                    for part in parts {
                        #expect(!Data(part).contains(marker), "\(record.position)")
                        // Nor in the escapes of headers, nor within base64 that needs no key.
                        let text = String(decoding: part, as: UTF8.self)
                        #expect(text.removingPercentEncoding?.contains(marker) != true, "\(record.position)")
                    }
                    return true
                }
            }
        }
        Scale.tell("scan of sealed topics", "\(bytes) bytes of \(names.count) topics, none of the content")
        await plain.close()
    }

    @Test func aWorkerDoesNotAnswerInClearWhatCameSealed() async throws {
        let broker = InMemoryBroker()
        let codec = SecretBoxCodec(key: try .generate(), binding: TopicBinding())
        let clear = broker.makeProducer()
        let store = InMemoryOperationStore()
        let cases: [(String, WorkerOptions)] = [
            ("replies", WorkerOptions(replies: Replies(to: "results", with: clear))),
            ("operations", WorkerOptions(operations: OperationCluster(store: store, producer: clear, topic: "jobs"))),
            ("transactions", WorkerOptions(transactions: Transactions(with: broker.makeTransactionalProducer()))),
        ]
        for (name, options) in cases {
            let controller = Controller(codec: codec, logger: .none)
            let worker = Worker(
                consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
                controller: controller,
                options: options
            )
            let error = await #expect(throws: KserError.self) { try await worker.run() }
            #expect(error?.kind == .configuration && error?.message.contains("producer of \(name)") == true)
            var open = options
            open.answersInClear = true
            try await withWorker(
                Worker(
                    consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
                    controller: controller,
                    options: open
                )
            ) {}
        }
        // What moves records byte for byte may have any codec.
        let moving = WorkerOptions(deadLetters: DeadLetterTopic(with: clear))
        let controller = Controller(codec: codec, logger: .none)
        let consumer = broker.makeConsumer(topics: ["jobs"], group: "g")
        try await withWorker(Worker(consumer: consumer, controller: controller, options: moving)) {}
    }

    @Test func aMessageInClearIsNotInTheLog() async throws {
        let codec = SecretBoxCodec(key: try .generate())
        let message = Message(uuid: "u", entrypoint: "e", params: ["password": .string(Self.marker)])
        let bytes = try JSONMessageCodec().encode(message)
        let inputs: [(any MessageCodec, [UInt8])] = [
            (codec, bytes), (JSONMessageCodec(), bytes.dropLast() + [0x2c]),
            (JSONMessageCodec(), Array(#"{"uuid": 5, "entrypoint": "\#(Self.marker)"}"#.utf8)),
        ]
        for (codec, bytes) in inputs {
            let log = LogKeeper()
            var logger = KserLogger(level: .debug, sink: log)
            let record = Record(topic: "jobs", partition: 2, offset: 7, value: bytes)
            _ = await Controller(codec: codec, logger: logger).dispatch(record)
            let line = try #require(log.records.last)
            #expect(line.level == .error && line.message.contains("\(bytes.count) bytes, hash "))
            #expect(line.metadata == ["topic": "jobs", "partition": "2", "offset": "7"])
            #expect(!log.text.contains(Self.marker), "\(log.text)")
            logger.logsRefusedContent = true
            _ = await Controller(codec: codec, logger: logger).dispatch(record)
            #expect(log.records.last?.metadata["kafka_raw_data"] == String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test func keysAreHiddenAndStayTheSame() throws {
        let key = try SecretBoxKey.generate()
        let codec = SecretBoxCodec(key: key, binding: TopicBinding())
        let message = Message(uuid: "u", entrypoint: "e")
        func sent(_ key: String, _ codec: some MessageCodec) throws -> [UInt8]? {
            try ProducerRecord(message, to: "jobs", key: Array(key.utf8), codec: codec).key
        }
        let first = try #require(try sent("account 5", codec))
        #expect(first.count == 32 && first != Array("account 5".utf8))
        #expect(try sent("account 5", SecretBoxCodec(key: key, binding: TopicBinding())) == first)
        #expect(try sent("account 6", codec) != first)
        #expect(try sent("account 5", SecretBoxCodec(key: .generate(), binding: TopicBinding())) != first)
        // As kser-crypto's messages are, or when the binding says so: as it was given.
        var open = TopicBinding()
        open.hidesKeys = false
        for codec in [SecretBoxCodec(key: key), SecretBoxCodec(key: key, binding: open)] {
            #expect(try sent("account 5", codec) == Array("account 5".utf8))
        }
    }
}

extension Data {
    fileprivate func contains(_ text: String) -> Bool { range(of: Data(text.utf8)) != nil }
}

private struct Launch: OperationEntrypoint {
    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        [TaskCall(Step(), parameters)]
    }
}

private struct Step: TaskEntrypoint {
    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        execution.result(stdout: parameters["x"]?.string ?? "", retval: parameters)
    }
}
