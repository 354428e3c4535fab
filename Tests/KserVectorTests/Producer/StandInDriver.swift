import Kser
import Synchronization

/// The Python driver that a case stands for: which methods of its client it calls, and its words.
enum Driver: String {
    case dummy, confluent, crypto
    case kafkaPython = "kafka_python"

    /// The client's method that takes a message; the dummy has no client.
    var sendMethod: String? {
        switch self {
        case .dummy: nil
        case .confluent: "produce"
        case .kafkaPython, .crypto: "send"
        }
    }

    var name: String { self == .crypto ? "CryptoProducer" : "Producer" }
}

/// A producer in place of a Python driver, which writes down what would reach the Kafka client.
///
/// Where Python flushes, a producer here waits for deliveries: ``send(_:)`` for its own one, ``Delivery/metadata()`` for
/// those of a batch. A batch flushes once, at the first wait; with nothing to wait for, at its end.
final class StandInProducer: MessageProducer {
    private struct Log {
        var calls: [JSON] = []
        var hasFlushed = false
    }

    let codec: any MessageCodec
    let logger: KserLogger
    var name: String { driver.name }
    private let driver: Driver
    private let failures: [String: any Error]
    private let log = Mutex(Log())

    init(_ driver: Driver, failing failures: [String: any Error], codec: any MessageCodec, logger: KserLogger) {
        self.driver = driver
        self.failures = failures
        self.codec = codec
        self.logger = logger
    }

    /// What reached the client.
    var calls: JSON { .array(log.withLock { $0.calls }) }

    func receipt(for message: Message, topic: String) -> String {
        switch driver {
        case .dummy: "Message \(message) sent in \(topic) (timeout: 60)"
        case .confluent: "Message \(message) sent"
        case .kafkaPython, .crypto: Unnamed(codec: codec, logger: logger).receipt(for: message, topic: topic)
        }
    }

    func receipt(forCount count: Int, topic: String) -> String {
        let text = Unnamed(codec: codec, logger: logger).receipt(forCount: count, topic: topic)
        return driver == .dummy ? "\(text) to \(topic) (timeout: 60)" : text
    }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        try take(record)
        try call("flush", nil)
        return RecordMetadata(topic: record.topic, partition: 0, offset: 0)
    }

    func enqueue(_ record: ProducerRecord) async throws -> Delivery {
        try take(record)
        return Delivery {
            try self.flushBatch()
            return RecordMetadata(topic: record.topic, partition: 0, offset: 0)
        }
    }

    /// The one flush of a batch.
    func flushBatch() throws {
        let isFirst = log.withLock { log in
            defer { log.hasFlushed = true }
            return !log.hasFlushed
        }
        if isFirst { try call("flush", ["kwargs": ["timeout": 60]]) }
    }

    /// kser sends a value alone: no key, no headers, no partition.
    private func take(_ record: ProducerRecord) throws {
        guard record.key == nil, record.headers.isEmpty, record.partition == nil, let value = record.value else {
            throw SchemaError("a record of kser is a value alone, not \(record)")
        }
        guard let method = driver.sendMethod else { return }
        try call(method, ["args": [.string(record.topic), .string(String(decoding: value, as: UTF8.self))]])
    }

    private func call(_ method: String, _ arguments: JSONObject?) throws {
        if driver.sendMethod == nil { return }
        var call: JSONObject = ["method": .string(method)]
        call.merge(arguments ?? [:])
        log.withLock { $0.calls.append(.object(call)) }
        if let error = failures[method] { throw error }
    }
}

/// A producer that says nothing of its own, for the words that come with the protocol.
private struct Unnamed: MessageProducer {
    let codec: any MessageCodec
    let logger: KserLogger

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        RecordMetadata(topic: record.topic, partition: 0, offset: nil)
    }
}
