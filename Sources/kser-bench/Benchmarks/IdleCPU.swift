import Kser
import KserKafka

/// What a consumer takes of a core that has nothing to consume. The embedded broker's share is in it.
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
    let (begin, start) = (CPUTime.now, clock.now)
    try await clock.sleep(for: .seconds(10))
    let share = (CPUTime.now - begin) / (start.duration(to: clock.now) / .seconds(1))
    await consumer.close()
    try await reading.value
    return [.limit("idle-cpu", share * 100, below: 1, "% of a core")]
}
