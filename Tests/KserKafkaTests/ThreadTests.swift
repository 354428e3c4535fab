import Foundation
import Kser
import KserKafka
import Testing

/// Threads of calls that block. Each test has a process of its own, whose threads are all its own.
@Suite("Threads", .timeLimit(.minutes(3)))
struct ThreadTests {
    #if os(Linux)
    @Test("2,000 calls at once take one thread a client")
    func calls() async {
        await #expect(processExitsWith: .success) {
            let broker = try EmbeddedBroker(topics: ["t": 1])
            let producer = try broker.makeProducer()
            let admin = try Admin(bootstrapServers: broker.bootstrapServers, timeout: .seconds(2))
            try await producer.send(ProducerRecord("t", "first"))
            try await broker.setBroker(isUp: false)
            _ = try await producer.enqueue(ProducerRecord("t", "second"))
            let begin = ContinuousClock.now
            try await withThrowingTaskGroup(of: KafkaError?.self) { group in
                for _ in 0..<2_000 {
                    group.addTask { await kafkaError { try await producer.flush(timeout: .seconds(2)) } }
                    group.addTask { await kafkaError { _ = try await admin.topics() } }
                }
                var threads = 0
                for try await error in group {
                    threads = max(threads, try countThreads())
                    #expect(error?.code == .timedOut || error?.code == .brokerUnavailable)
                }
                #expect(threads < 60, "\(threads) threads")
            }
            // Each began to count when it was asked for, not when its turn came.
            #expect(ContinuousClock.now - begin < .seconds(20))
            try await broker.setBroker(isUp: true)
            try await producer.flush(timeout: .seconds(30))
        }
    }

    @Test("where no thread can be made, calls are refused rather than never answered")
    func refusal() async {
        await #expect(processExitsWith: .success) {
            let broker = try EmbeddedBroker(topics: ["t": 1])
            let producer = try broker.makeProducer()
            let transactional = try TransactionalProducer(
                ProducerConfiguration(bootstrapServers: broker.bootstrapServers),
                id: "t-1"
            )
            let consumer = try broker.makeConsumer(["t"])
            let admin = try Admin(bootstrapServers: broker.bootstrapServers)
            try await producer.send(ProducerRecord("t", "first"))
            try forbidThreads()
            let errors = [
                await kafkaError { try await producer.flush() },
                await kafkaError { _ = try await admin.topics() },
                await kafkaError { try await transactional.send(ProducerRecord("t", "second")) },
                await kafkaError { for try await _ in consumer {} },
                await kafkaError { _ = try broker.makeProducer() },
                await kafkaError { _ = try broker.makeConsumer(["t"]) },
            ]
            for (index, error) in errors.enumerated() {
                #expect(error?.code == .resourceExhausted, "\(index): \(String(describing: error))")
                #expect(error?.isRetriable == true)
            }
            // Swift's own threads may be made no more either, so this one ends here.
            exit(EXIT_SUCCESS)
        }
    }
    #endif
}

#if os(Linux)
private func countThreads() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
}

/// Lets this process make no more threads. Root has no such limit, and becomes nobody.
private func forbidThreads() throws {
    if getuid() == 0 { #expect(setuid(65_534) == 0) }
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    #expect(setrlimit(__rlimit_resource_t(__RLIMIT_NPROC.rawValue), &limit) == 0)
}
#endif
