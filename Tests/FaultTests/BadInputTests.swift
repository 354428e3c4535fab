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
            for group in ["earliest", "error"] {
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
            await producer.close()
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

            var configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: "error")
            configuration.autoOffsetReset = .error
            let error = try await Self.error(of: try Consumer(configuration, topics: ["t"]))
            #expect(error?.code == .offsetOutOfRange)
            #expect(error?.message.contains("autoOffsetReset") == true)
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

        @Test func aGroupWithAnotherProtocolEndsTheConsumer() async throws {
            let broker = try EmbeddedBroker(topics: ["t": 1])
            try await broker.fail(.joinGroup, with: [EmbeddedBroker.BrokerFault(rawValue: 23)])
            let configuration = ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: "g")
            let error = try await Self.error(of: try Consumer(configuration, topics: ["t"]))
            #expect(error?.code == .inconsistentGroup)
            #expect(error?.message.contains("assignmentStrategy") == true)
        }

        private static func error(of consumer: Consumer) async throws -> KafkaError? {
            try await withDeadline(.seconds(30), "an error") {
                do { for try await _ in consumer {} } catch { return error as? KafkaError }
                return nil
            }
        }
    }
}
