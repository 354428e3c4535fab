import Kser
import KserKafka

/// What a consumer takes of a core that has nothing to consume; what the embedded broker takes to tell it so is apart.
@concurrent
func idleCPU(on stage: Stage) async throws -> [Row] {
    let broker = try EmbeddedBroker(topics: ["idle": 3])
    let consumer = try Consumer(
        ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: "idle"),
        topics: ["idle"]
    )
    let reading = Task { for try await _ in consumer {} }
    let clock = ContinuousClock()
    try await clock.sleep(for: .seconds(6))  // the group forms in 3
    let (begin, brokerBegin, start) = (CPUTime.now, CPUTime.ofThreads(named: brokerThread), clock.now)
    try await clock.sleep(for: .seconds(10))
    let seconds = start.duration(to: clock.now) / .seconds(1)
    let brokerShare = (CPUTime.ofThreads(named: brokerThread) - brokerBegin) / seconds
    let share = (CPUTime.now - begin) / seconds - brokerShare
    await consumer.close()
    try await reading.value
    return [
        .limit("idle-cpu", share * 100, below: 1, "% of a core"),
        .limit("idle-cpu-broker", brokerShare * 100, below: 2, "% of a core"),
    ]
}

/// librdkafka's name for the thread of its mock cluster.
private let brokerThread = "rdk:mock"
