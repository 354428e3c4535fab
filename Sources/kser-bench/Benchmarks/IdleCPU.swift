import Kser
import KserKafka

/// What a consumer takes of a core that has nothing to consume; what the embedded broker takes to tell it so is apart.
@concurrent
func idleCPU(on stage: Stage) async throws -> [Row] {
    let few = try await idleShare(partitions: 4)
    let many = try await idleShare(partitions: 300)
    return [
        .limit("idle-cpu", few.consumer * 100, below: 0.5, "% of a core"),
        .limit("idle-cpu-broker", few.broker * 100, below: 2, "% of a core"),
        .limit("idle-cpu-300", many.consumer * 100, below: 1, "% of a core"),
    ]
}

private func idleShare(partitions: Int) async throws -> (consumer: Double, broker: Double) {
    let broker = try EmbeddedBroker(topics: ["idle": partitions])
    let consumer = try Consumer(
        ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: "idle"),
        topics: ["idle"]
    )
    let reading = Task { for try await _ in consumer {} }
    let clock = ContinuousClock()
    while consumer.assigned.count < partitions { try await clock.sleep(for: .milliseconds(100)) }
    try await clock.sleep(for: .seconds(6))  // each partition looks its offsets up, and the consumer before goes
    let (begin, brokerBegin, start) = (CPUTime.now, CPUTime.ofThreads(named: brokerThread), clock.now)
    try await clock.sleep(for: .seconds(10))
    let seconds = start.duration(to: clock.now) / .seconds(1)
    let brokerShare = (CPUTime.ofThreads(named: brokerThread) - brokerBegin) / seconds
    let share = (CPUTime.now - begin) / seconds - brokerShare
    await consumer.close()
    try await reading.value
    return (share, brokerShare)
}

/// librdkafka's name for the thread of its mock cluster.
private let brokerThread = "rdk:mock"
