import Kser
import KserCrypto
import KserKafka
import TestSupport
import Testing

extension InteropTests {
    /// Sealed messages, here and in Python's kser-crypto.
    struct SealedTests {
        @Test func weOpenWhatPythonSeals() async throws {
            let servers = try await NoidaBroker.shared().bootstrapServers
            let (topic, results) = ("sealed-from-python", "sealed-from-python-results")
            try await PythonPeer.createTopics([topic: 3, results: 1], on: servers)
            let key = try SecretBoxKey.generate()
            let tasks = Tasks.make(200)
            try await PythonPeer.send(tasks, to: topic, on: servers, driver: .kafkaPython, key: key.base64())

            let producer = try Producer(
                ProducerConfiguration(bootstrapServers: servers),
                codec: SecretBoxCodec(key: key)
            )
            let worker = Worker(
                consumer: try Consumer(
                    ConsumerConfiguration(bootstrapServers: servers, groupID: topic),
                    topics: [topic]
                ),
                controller: try await Tasks.controller(codec: SecretBoxCodec(key: key)),
                options: WorkerOptions(replies: Replies(to: results, with: producer))
            )
            let running = Task { try await worker.run() }
            let answers = try await read(tasks.count, from: results, on: servers).map { record in
                try SecretBoxCodec(key: key).decode(record.value ?? [], of: record)
            }
            await worker.shutdown()
            try await running.value
            await producer.close()
            try expect(answers, agreeWith: try await Tasks.results(of: tasks.map { try Message($0) }))
        }

        @Test func pythonOpensWhatWeSeal() async throws {
            let servers = try await NoidaBroker.shared().bootstrapServers
            let (topic, results) = ("sealed-to-python", "sealed-to-python-results")
            try await PythonPeer.createTopics([topic: 3, results: 1], on: servers)
            let key = try SecretBoxKey.generate()
            let messages = try Tasks.make(200).map { try Message($0) }
            // A ring, so that the header is there too.
            let codec = SecretBoxCodec(keys: try SecretBoxKeyRing(current: "2025", key))
            let producer = try Producer(ProducerConfiguration(bootstrapServers: servers), codec: codec)
            try await producer.send(contentsOf: messages, to: topic)
            await producer.close()

            let worker = try await PythonPeer.worker(
                on: servers,
                topic: topic,
                results: results,
                group: topic,
                driver: .kafkaPython,
                key: key.base64(),
                maximum: messages.count
            )
            #expect(try await worker.finish(within: .seconds(90)).consumed == messages.count)
            let answers = try await read(messages.count, from: results, on: servers).map { record in
                try JSONMessageCodec().decode(record.value ?? [])
            }
            try expect(answers, agreeWith: try await Tasks.results(of: messages))
        }

        @Test func aKeyIsChangedWhileAWorkerRuns() async throws {
            let servers = try await NoidaBroker.shared().bootstrapServers
            try await PythonPeer.createTopics(["rotation": 3, "rotation-dlt": 1], on: servers)
            let (old, new) = (try SecretBoxKey.generate(), try SecretBoxKey.generate())
            let readers = try SecretBoxKeyRing(current: "old", old)
            let writers = try SecretBoxKeyRing(current: "old", old)
            try writers.add(new, id: "new")
            let producer = try Producer(
                ProducerConfiguration(bootstrapServers: servers),
                codec: SecretBoxCodec(keys: writers)
            )
            let handled = Watched<[String]>([])
            let codec = SecretBoxCodec(keys: readers)
            let worker = Worker(
                consumer: try Consumer(
                    ConsumerConfiguration(bootstrapServers: servers, groupID: "rotation"),
                    topics: ["rotation"]
                ),
                controller: try await Tasks.controller(codec: codec) { invocation in
                    handled.update { $0.append(invocation.message.uuid) }
                },
                options: WorkerOptions(deadLetters: DeadLetterTopic(with: producer))
            )
            let running = Task { try await worker.run() }

            // Readers first, then writers, with messages on their way all the time.
            try readers.add(new, id: "new")
            async let sending: Void = send(0..<600, with: producer)
            try await count(100, of: handled)
            try writers.use("new")
            try await sending
            try await send(600..<900, with: producer)
            try await count(900, of: handled)
            let refused = try await Admin(bootstrapServers: servers).offsets(ofTopic: "rotation-dlt", partition: 0)
            #expect(refused.isEmpty, "nothing is refused")

            try readers.use("new")
            try readers.remove("old")
            try writers.use("old")
            let late = try (900..<905).map { number in
                try ProducerRecord(message(number), to: "rotation", codec: producer.codec)
            }
            try await producer.send(contentsOf: late)
            try writers.use("new")
            try await send(905..<910, with: producer)
            _ = try await read(5, from: "rotation-dlt", on: servers)
            try await count(905, of: handled)
            let letters = try await DeadLetters(in: KafkaTopicReader(bootstrapServers: servers), codec: codec)
                .list("rotation")
            #expect(letters.map(\.reason) == Array(repeating: .unknownKey, count: 5))
            #expect(Set(letters.map(\.record.value)) == Set(late.map(\.value)), "byte for byte as they came")

            // With the old key at hand they are sealed anew and sent back.
            var options = ReplayOptions()
            options.reencodes = true
            let report = try await DeadLetters(
                in: KafkaTopicReader(bootstrapServers: servers),
                codec: SecretBoxCodec(keys: writers)
            ).replay("rotation", with: producer, options: options)
            #expect(report.replayed == 5 && report.unreadable == 0)
            try await count(910, of: handled)
            await worker.shutdown()
            try await running.value
            await producer.close()
            #expect(Set(handled.value) == Set((0..<910).map { "task-\($0)" }), "nothing is lost")
            #expect(handled.value.count == 910, "nothing is handled twice")
        }

        private func message(_ number: Int) -> Message { Message(uuid: "task-\(number)", entrypoint: "peer.Noop") }

        private func send(_ numbers: Range<Int>, with producer: Producer) async throws {
            for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 20) {
                let part = start..<min(start + 20, numbers.upperBound)
                try await producer.send(contentsOf: part.map(message), to: "rotation")
            }
        }

        private func count(_ count: Int, of handled: Watched<[String]>) async throws {
            try await withDeadline(.seconds(60), "\(count) tasks, of which were done \(handled.value.count)") {
                try await handled.wait { $0.count >= count ? () : nil }
            }
        }

        private func read(_ count: Int, from topic: String, on servers: String) async throws -> [Record] {
            try await withDeadline(.seconds(90), "\(count) records of \(topic)") {
                let configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: "\(topic)-reader")
                var records: [Record] = []
                for try await record in try Consumer(configuration, topics: [topic]) {
                    records.append(record)
                    if records.count == count { break }
                }
                return records
            }
        }
    }
}
