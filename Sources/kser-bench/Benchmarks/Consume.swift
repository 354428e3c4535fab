import Kser
import KserKafka

/// The records of a topic through the `AsyncSequence`, beside a loop in C style.
@concurrent
func consume(on stage: Stage) async throws -> [Row] {
    let backlog = try await stage.backlog()
    let figures = try await Rounds(count: 5).compare(
        {
            let consumer = try Consumer(backlog.freshGroup(), topics: backlog.topics)
            var span = Span(of: backlog.count)
            for try await _ in consumer where span.note() { break }
            await consumer.close()
            return span.rate
        },
        with: { try await onThread { try RawConsumer.drain(backlog) } }
    )
    return [Row(name: "consume", ours: figures.ours, baseline: figures.baseline, unit: "messages/s", target: 0.4)]
}
