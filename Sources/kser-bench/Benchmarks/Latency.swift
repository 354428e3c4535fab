import Kser
import KserKafka
import TestSupport

/// From the call of `send` until the handler begins, with a worker that has nothing else to do.
@concurrent
func latency(on stage: Stage) async throws -> [Row] {
    let embedded = try EmbeddedBroker()
    var rows = [Row.limit("latency-embedded", try await medianLatency(.embedded(embedded)), below: 10, "ms")]
    if Installation.hasNoidaDB {
        let noida = try await NoidaBroker()
        rows.insert(.limit("latency", try await medianLatency(.noida(noida)), below: 10, "ms"), at: 0)
    } else {
        rows[0].name = "latency"
    }
    return rows
}

private func medianLatency(_ broker: Broker) async throws -> Double {
    try await broker.createTopic("latency", partitions: 3)
    let clock = ContinuousClock()
    let (starts, handler) = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
    var configuration = ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: "latency")
    // This one answers a fetch for which there was nothing when the time is over, and not when there is news.
    if case .embedded = broker { configuration.fetchMaxWait = .milliseconds(2) }
    let worker = Worker(
        consumer: try Consumer(configuration, topics: ["latency"]),
        controller: try await idleController { handler.yield(clock.now) }
    )
    async let running: Void = worker.run()
    let producer = try Producer(
        ProducerConfiguration(bootstrapServers: broker.bootstrapServers),
        codec: JSONMessageCodec()
    )

    var times: [Double] = []
    var begun = starts.makeAsyncIterator()
    for round in 0..<110 {
        let sent = clock.now
        try await producer.send(Sample.message, to: "latency")
        guard let start = await begun.next() else { break }
        if round >= 10 { times.append(sent.duration(to: start) / .milliseconds(1)) }
        // Pauses of uneven length, so that no interval of anybody's is met again and again.
        try await clock.sleep(for: .microseconds(20_000 + round * 317 % 10_000))
    }
    await worker.shutdown()
    try await running
    await producer.close()
    return times.median
}
