import Kser
import KserKafka
import TestSupport
import Testing

extension FaultTests {
    struct ProducerRecoveryTests {
        /// Killed, noida-db comes back without its topics and producers, as a cluster does after an unclean election.
        @Test func anIdempotentProducerOutlivesABrokerThatLostItsData() async throws {
            let broker = try await NoidaBroker()
            let admin = try Admin(bootstrapServers: broker.bootstrapServers)
            try await admin.createTopics([NewTopic("t", partitions: 1)])
            let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
            let failures = Watched<[KafkaError]>([])
            let sent = Watched(0)
            let sending = Task {
                for number in 0..<2_000 {
                    while true {
                        do {
                            try await producer.send(.task(number, keys: 1, to: "t"))
                            break
                        } catch let error as KafkaError {
                            failures.update { $0.append(error) }
                            if error.isFatal { throw error }
                        }
                    }
                    sent.update { $0 += 1 }
                }
            }
            try await withDeadline(.seconds(60), "200 records sent") { try await sent.wait { $0 >= 200 ? () : nil } }
            try await broker.kill()
            try await broker.restart()
            try await withDeadline(.seconds(90), "all records sent") { try await sending.value }
            await producer.close()
            #expect(failures.value.allSatisfy { $0.isRetriable && !$0.isFatal }, "\(failures.value)")
            #expect(failures.value.contains { $0.message.contains("lost track") }, "\(failures.value)")
        }
    }
}
