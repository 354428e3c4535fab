import Kser
import KserKafka
import Testing

/// What comes after a call has given up. Each runs in a process of its own, which an abort of librdkafka's would end.
@Suite("Admin, when answers are late", .timeLimit(.minutes(5)))
struct AdminLateTests {
    @Test("an answer that comes after the timeout is of no harm")
    func lateAnswer() async {
        await #expect(processExitsWith: .success) {
            let broker = try EmbeddedBroker(topics: ["a": 1])
            let admin = try Admin(bootstrapServers: broker.bootstrapServers, timeout: .seconds(2))
            try await succeeding { _ = try await admin.topics() }
            try await broker.setRoundTripTime(.seconds(5))
            for _ in 0..<2 {
                let set = await kafkaError {
                    try await admin.setCommittedOffsets(ofGroup: "g", topic: "a", to: [0: 2])
                }
                #expect(set?.code == .timedOut, "\(String(describing: set))")
                let committed = await kafkaError { _ = try await admin.committedOffsets(ofGroup: "g", topic: "a") }
                #expect(committed?.isRetriable == true, "\(String(describing: committed))")
            }
            try await broker.setRoundTripTime(.zero)
            // Answers of one connection come in order: these are behind the late ones.
            try await succeeding { try await admin.setCommittedOffsets(ofGroup: "g", topic: "a", to: [0: 3]) }
            try await succeeding { _ = try await admin.topics() }
            #expect(try await admin.committedOffsets(ofGroup: "g", topic: "a") == [0: 3])
        }
    }

    @Test("a broker that goes away and comes back while lag is asked for")
    func brokerGoesAway() async {
        await #expect(processExitsWith: .success) {
            let broker = try EmbeddedBroker(topics: ["a": 2], brokers: 2)
            let admin = try Admin(bootstrapServers: broker.bootstrapServers, timeout: .seconds(1))
            try await succeeding { try await admin.setCommittedOffsets(ofGroup: "g", topic: "a", to: [0: 0]) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        while !Task.isCancelled {
                            _ = await kafkaError { _ = try await admin.lag(ofGroup: "g", topic: "a") }
                        }
                    }
                }
                for round in 0..<12 {
                    let one = Int32(1 + round % 2)
                    try await broker.setBroker(one, isUp: false)
                    try await broker.setCoordinator(ofGroup: "g", broker: 3 - one)
                    _ = await kafkaError { _ = try await admin.lag(ofGroup: "g", topic: "a") }
                    try await broker.setBroker(one, isUp: true)
                }
                group.cancelAll()
            }
            try await succeeding { _ = try await admin.lag(ofGroup: "g", topic: "a") }
        }
    }

    /// The limit is far above the timeout, for a machine that does much else, and far below the 40 seconds and more that
    /// librdkafka takes by itself.
    @Test("offsets are asked for no longer than the timeout")
    func offsets() async throws {
        let broker = try EmbeddedBroker(topics: ["a": 1])
        let admin = try Admin(bootstrapServers: broker.bootstrapServers, timeout: .seconds(2))
        let offsets = try await succeeding { try await admin.offsets(ofTopic: "a", partition: 0) }
        #expect(offsets == 0..<0)
        try await broker.setBroker(isUp: false)
        for call in [
            { _ = try await admin.offsets(ofTopic: "a", partition: 0) },
            { _ = try await admin.lag(ofGroup: "g", topic: "a") },
            { _ = try await admin.committedOffsets(ofGroup: "g", topic: "a") },
            { try await admin.setCommittedOffsets(ofGroup: "g", topic: "a", to: [0: 1]) },
        ] as [@Sendable () async throws -> Void] {
            let begin = ContinuousClock.now
            let error = await kafkaError(call)
            #expect(ContinuousClock.now - begin < .seconds(25))
            #expect(error?.code == .brokerUnavailable || error?.code == .timedOut, "\(String(describing: error))")
        }
    }
}

/// Calls again until it goes well, for some seconds.
@discardableResult
func succeeding<Value>(_ call: () async throws -> Value) async throws -> Value {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
        do { return try await call() } catch  where ContinuousClock.now < deadline { print("\(error)") }
    }
}
