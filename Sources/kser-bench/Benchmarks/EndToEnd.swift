import CLibrdkafka
import CSimdjson
import Kser
import KserKafka
import Synchronization

/// A topic through a worker to a typed handler that does nothing, beside a loop in C style that parses each message.
@concurrent
func endToEnd(on stage: Stage) async throws -> [Row] {
    let backlog = try await stage.backlog()
    let medians = try await Rounds(count: 5).medians(
        { try await work(through: backlog, .partition) },
        { try await onThread { try rawParsing(backlog) } },
        { try await work(through: backlog, .key(limit: 64)) }
    )
    let (partition, baseline, key) = (medians[0], medians[1], medians[2])
    return [
        Row(name: "end-to-end", ours: partition, baseline: baseline, unit: "messages/s", target: 0.4),
        Row(name: "end-to-end-key", ours: key, baseline: partition, unit: "messages/s", target: 0.5),
    ]
}

/// - Returns: messages a second that a worker hands to their handler.
func work(
    through backlog: Backlog,
    _ concurrency: Concurrency,
    monitor: (any KserMonitor)? = nil
) async throws -> Double {
    let span = Mutex(Span(of: backlog.count))
    let (done, finish) = AsyncStream.makeStream(of: Void.self)
    let controller = try await idleController(monitor: monitor) {
        if span.withLock({ $0.note() }) { finish.finish() }
    }
    let worker = Worker(
        consumer: try Consumer(backlog.freshGroup(), topics: backlog.topics),
        controller: controller,
        concurrency: concurrency
    )
    async let running: Void = worker.run()
    for await _ in done {}
    await worker.shutdown()
    try await running
    return span.withLock { $0.rate }
}

/// - Returns: messages a second that a loop in C style reads and parses.
func rawParsing(_ backlog: Backlog) throws -> Double {
    var root = kser_json_element()
    return try RawConsumer.drain(backlog) { message in
        let text = message.pointee.payload.assumingMemoryBound(to: UInt8.self)
        guard let document = kser_json_parse(text, message.pointee.len, 0, 128, &root) else {
            throw Misuse("simdjson refuses a message")
        }
        kser_json_document_free(document)
    }
}
