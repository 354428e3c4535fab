import Kser
import KserKafka

/// Records sent by 1,000 tasks, each awaiting the acknowledgement of its last one, beside a loop in C style.
@concurrent
func produce(on stage: Stage) async throws -> [Row] {
    let bytes = try Sample.bytes()
    let (tasks, each) = (1_000, 50)
    let broker = try await Broker.start()
    var topics = 0
    func freshTopic() async throws -> String {
        topics += 1
        try await broker.createTopic("produce-\(topics)", partitions: 4)
        return "produce-\(topics)"
    }
    let figures = try await Rounds(count: 5).compare(
        {
            let topic = try await freshTopic()
            let producer = try Producer(
                ProducerConfiguration(bootstrapServers: broker.bootstrapServers),
                codec: JSONMessageCodec()
            )
            let record = ProducerRecord(topic: topic, value: bytes)
            try await producer.send(record)  // connects
            let clock = ContinuousClock()
            let time = try await clock.measure {
                try await withThrowingDiscardingTaskGroup { group in
                    for _ in 0..<tasks {
                        group.addTask {
                            for _ in 0..<each { try await producer.send(record) }
                        }
                    }
                }
            }
            await producer.close()
            return Double(tasks * each) / (time / .seconds(1))
        },
        with: {
            let topic = try await freshTopic()
            let servers = broker.bootstrapServers
            return try await onThread {
                try RawProducer.send(bytes, count: tasks * each, to: topic, on: servers)
            }
        }
    )
    return [Row(name: "produce", ours: figures.ours, baseline: figures.baseline, unit: "messages/s", target: 0.5)]
}
