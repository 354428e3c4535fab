import Kser
import KserKafka
import Synchronization
import TestSupport

/// Keeps log records for assertions.
final class Lines: LogSink {
    private let records = Mutex<[LogRecord]>([])
    func log(_ record: LogRecord) { records.withLock { $0.append(record) } }
    var all: [LogRecord] { records.withLock { $0 } }
    var logger: KserLogger { KserLogger(level: .debug, sink: self) }
}

/// Writes a message's text only: enough where the codec is not what is tested.
struct PlainCodec: MessageCodec {
    func encode(_ message: Message) throws -> [UInt8] { Array("\(message)".utf8) }
    func decode(_ bytes: [UInt8]) throws -> Message { Message(entrypoint: String(decoding: bytes, as: UTF8.self)) }
}

extension EmbeddedBroker {
    func makeProducer(
        logger: KserLogger = .none,
        _ change: (inout ProducerConfiguration) -> Void = { _ in }
    ) throws -> Producer {
        var configuration = ProducerConfiguration(bootstrapServers: bootstrapServers)
        change(&configuration)
        return try Producer(configuration, codec: PlainCodec(), logger: logger)
    }

    func makeConsumer(
        _ topics: [String],
        group: String = "g",
        logger: KserLogger = .none,
        _ change: (inout ConsumerConfiguration) -> Void = { _ in }
    ) throws -> Consumer {
        var configuration = ConsumerConfiguration(bootstrapServers: bootstrapServers, groupID: group)
        change(&configuration)
        return try Consumer(configuration, topics: topics, logger: logger)
    }
}

extension ProducerRecord {
    init(_ topic: String, _ text: String, key: String? = nil, partition: Int32? = nil) {
        self.init(topic: topic, partition: partition, key: key.map { Array($0.utf8) }, value: Array(text.utf8))
    }
}

extension Record {
    var text: String { String(decoding: value ?? [], as: UTF8.self) }
}

/// The error that the operation throws, if it is Kafka's.
func kafkaError(_ operation: () async throws -> Void) async -> KafkaError? {
    do {
        try await operation()
        return nil
    } catch {
        return error as? KafkaError
    }
}

/// Runs something that logs to these lines, and waits until nothing does any more: they go with librdkafka's client, which is
/// the last to go.
func leavesNothing(_ use: (Lines) async throws -> Void) async throws {
    struct Remains: Sendable { weak let lines: Lines? }
    func remains() async throws -> Remains {
        let lines = Lines()
        try await use(lines)
        return Remains(lines: lines)
    }
    let left = try await remains()
    try await withDeadline(.seconds(30), "the end of the client") { try await poll { left.lines == nil } }
}
