import Kser
import KserKafka
import TestSupport
import Testing

extension FaultTests {
    /// What a consumer cannot go on with: it says so, or does what its settings say.
    struct BadInputTests {
        /// The embedded broker keeps 5 MB of a partition: offset 1 is gone when 8 MB were written after it.
        @Test func offsetsThatAreGoneFollowThePolicy() async throws {
            let broker = try EmbeddedBroker(topics: ["t": 1])
            let servers = broker.bootstrapServers
            let producer = try Producer(ProducerConfiguration(bootstrapServers: servers))
            for group in ["earliest", "latest", "error"] {
                if group == "earliest" { try await producer.send(ProducerRecord(topic: "t", value: [1])) }
                let first = try Consumer(
                    ConsumerConfiguration(bootstrapServers: servers, groupID: group),
                    topics: ["t"]
                )
                try await withDeadline(.seconds(30), "the first record") {
                    for try await partition in first.partitions {
                        var records = partition.makeAsyncIterator()
                        if let record = try await records.next() { partition.complete(record) }
                        break
                    }
                }
                await first.close()
            }
            let large = [UInt8](repeating: 7, count: 100_000)
            try await producer.send(contentsOf: (0..<80).map { _ in ProducerRecord(topic: "t", value: large) })
            let kept = try await Admin(bootstrapServers: servers).offsets(ofTopic: "t", partition: 0)
            #expect(kept.lowerBound > 1)

            let earliest = try Consumer(
                ConsumerConfiguration(bootstrapServers: servers, groupID: "earliest"),
                topics: ["t"]
            )
            let offset = try await withDeadline(.seconds(30), "the oldest record that is kept") {
                for try await record in earliest { return record.offset }
                return -1
            }
            #expect(offset == kept.lowerBound)
            await earliest.close()

            try await Self.latestSkipsWhatIsThere(servers, producer)
            await producer.close()

            var configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: "error")
            configuration.autoOffsetReset = .error
            let error = try await Self.error(of: try Consumer(configuration, topics: ["t"]))
            #expect(error?.code == .offsetOutOfRange)
            #expect(error?.message.contains("autoOffsetReset") == true)
        }

        private static func latestSkipsWhatIsThere(_ servers: String, _ producer: Producer) async throws {
            var configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: "latest")
            configuration.autoOffsetReset = .latest
            let consumer = try Consumer(configuration, topics: ["t"])
            // The group's start is behind what was sent before it, so it is sent until one arrives.
            let sending = Task {
                while !Task.isCancelled {
                    try await producer.send(ProducerRecord(topic: "t", value: [2]))
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            defer { sending.cancel() }
            let value = try await withDeadline(.seconds(30), "a new record") {
                for try await record in consumer { return record.value }
                return nil
            }
            #expect(value == [2])
            await consumer.close()
        }

        /// Names and values that no client of ours writes, and our own names with values that make no sense.
        @Test func corruptHeadersCostNoMessage() async throws {
            let stage = try await Stage(partitions: 1)
            let topics = RetryTopics(
                [.milliseconds(200)],
                with: try Producer(ProducerConfiguration(bootstrapServers: "x:1"))
            )
            let retryTopic = topics.names(for: stage.topic)[0]
            try await stage.admin.createTopics([NewTopic(retryTopic, partitions: 1)])
            let producer = try Producer(ProducerConfiguration(bootstrapServers: stage.servers))
            let garbage: [[UInt8]?] = [
                nil, [], [0xFF], Array(repeating: 0x80, count: 8), Array(repeating: 7, count: 50_000),
            ]
            let names = [
                "", "kafka_original-topic", "kafka_original-offset", "kafka_retry_topic-attempts",
                "kafka_retry_topic-backoff-timestamp", "kser_retry-rung", "kser_replays", "kser_uuid", "traceparent",
            ]
            var count = 0
            for topic in [stage.topic, retryTopic] {
                for value in garbage {
                    for headers in names.map({ [Record.Header($0, value)] }) + [names.map { Record.Header($0, value) }]
                    {
                        var task = try ProducerRecord.task(count, keys: 10, to: topic)
                        task.headers = headers
                        try await producer.send(task)
                        count += 1
                    }
                }
            }
            // kcat sends a name that is not UTF-8.
            let line = "{\"uuid\": \"t\(count)\", \"entrypoint\": \"fault.Step\", \"params\": {}}"
            let send = "printf '%s' '\(line)' | \(try Components.kcat()) -q -b \(stage.servers) -P -t \(stage.topic)"
            try await ChildProcess("/bin/sh", ["-c", "\(send) -H \"$(printf '\\377\\376=\\200')\""])
                .success(within: .seconds(60))
            count += 1

            let journal = Journal()
            var configuration = ConsumerConfiguration(bootstrapServers: stage.servers, groupID: stage.group)
            configuration.commitInterval = .milliseconds(100)
            let worker = Worker(
                consumer: try Consumer(configuration, topics: [stage.topic, retryTopic]),
                controller: try await journal.controller { .zero },
                concurrency: .key(limit: 16),
                options: WorkerOptions(
                    deadLetters: DeadLetterTopic(with: producer),
                    retries: RetryPolicy(inPlace: .none, topics: topics),
                    deduplication: .inMemory()
                )
            )
            let member = Member(worker)
            try await journal.handled(count)
            try await stage.allCommitted()
            try await member.leave()
            await producer.close()
            #expect(journal.pages.value.times.count == count && journal.pages.value.twice == 0)
            #expect(try await stage.deadLetters() == 0)
            report("corrupt headers", "\(count) messages handled once")
        }

        /// Records without a key share no lane; an empty key is a key.
        @Test func absentKeysShareNoLane() async throws {
            let stage = try await Stage(partitions: 1)
            let flight = Watched((running: 0, most: 0, done: 0))
            let controller = Controller(logger: .none)
            try await controller.register("fault.Step") { (_: JSONObject, execution) in
                flight.update { flight in
                    flight.running += 1
                    flight.most = max(flight.most, flight.running)
                }
                // Those without a key wait for one another, which they can only side by side.
                if execution.record?.key == nil { try await flight.wait { $0.most >= 8 ? () : nil } }
                for _ in 0..<20 { await Task.yield() }
                flight.update { flight in
                    flight.running -= 1
                    flight.done += 1
                }
            }
            let producer = try Producer(ProducerConfiguration(bootstrapServers: stage.servers))
            let member = try Member(
                ConsumerConfiguration(bootstrapServers: stage.servers, groupID: stage.group),
                topic: stage.topic,
                controller: controller,
                concurrency: .key(limit: 8)
            )
            for (key, most) in [(nil, 8), ([], 1)] as [([UInt8]?, Int)] {
                flight.update { $0 = (0, 0, 0) }
                for number in 0..<40 {
                    var task = try ProducerRecord.task(number, keys: 1, to: stage.topic)
                    task.key = key
                    try await producer.send(task)
                }
                try await withDeadline(.seconds(60), "40 tasks with the key \(key.map { "\($0)" } ?? "nil")") {
                    try await flight.wait { $0.done == 40 ? () : nil }
                }
                #expect(flight.value.most == most)
            }
            try await member.leave()
            await producer.close()
        }

        @Test func aTopicThatIsDeletedEndsTheConsumer() async throws {
            let stage = try await Stage(partitions: 2)
            try await stage.send(0..<10)
            var configuration = ConsumerConfiguration(bootstrapServers: stage.servers, groupID: stage.group)
            configuration.connectTimeout = .seconds(5)
            configuration.additional["topic.metadata.refresh.interval.ms"] = "500"
            let journal = Journal()
            let member = try Member(
                configuration,
                topic: stage.topic,
                controller: try await journal.controller { .zero }
            )
            try await journal.handled(10)
            try await stage.admin.deleteTopic(stage.topic)
            let running = member.running
            let error = try await withDeadline(.seconds(40), "an error") { () -> KafkaError? in
                do { try await running.value } catch { return error as? KafkaError }
                return nil
            }
            #expect(error?.code == .unknownTopic)
            #expect(error?.topic == stage.topic)
        }

        /// The error that Kafka answers with is injected: noida-db 0.2.3 lets members without a common protocol into a group,
        /// with an answer on which librdkafka 2.0.2 aborts the process of the member that leads it.
        @Test func aGroupWithAnotherProtocolEndsTheConsumer() async throws {
            let broker = try EmbeddedBroker(topics: ["t": 1])
            try await broker.fail(.joinGroup, with: [EmbeddedBroker.BrokerFault(rawValue: 23)])
            let configuration = ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: "g")
            let error = try await Self.error(of: try Consumer(configuration, topics: ["t"]))
            #expect(error?.code == .inconsistentGroup)
            #expect(error?.message.contains("assignmentStrategy") == true)
        }

        @Test func aSessionTimeoutThatTheBrokerRefusesEndsTheConsumer() async throws {
            let stage = try await Stage(partitions: 1)
            var configuration = ConsumerConfiguration(bootstrapServers: stage.servers, groupID: stage.group)
            configuration.sessionTimeout = .seconds(3)
            configuration.heartbeatInterval = .seconds(1)
            let error = try await Self.error(of: try Consumer(configuration, topics: [stage.topic]))
            #expect(error?.code == .configuration)
            #expect(error?.message.contains("group.min.session.timeout.ms") == true)
        }

        private static func error(of consumer: Consumer) async throws -> KafkaError? {
            try await withDeadline(.seconds(30), "an error") {
                do { for try await _ in consumer {} } catch { return error as? KafkaError }
                return nil
            }
        }
    }
}
