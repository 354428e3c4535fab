/// Sends records, and messages in them: the side of a transport that tasks and workers send through.
///
/// A transport implements ``send(_:)`` for one record and says how messages are written; sending messages, one or many,
/// with kser's log lines and results, comes with the protocol.
public protocol MessageProducer: Sendable {
    /// Turns messages into record values.
    var codec: any MessageCodec { get }
    /// The largest record that it takes, where that is known.
    var recordSizeLimit: RecordSizeLimit? { get }
    /// Where kser's producer lines go.
    var logger: KserLogger { get }
    /// The name in log lines: kser's class name, `Producer` unless the transport says otherwise.
    var name: String { get }

    /// The text of a successful result, for people: kser's `Message mod.Task[uuid] sent in topic`.
    func receipt(for message: Message, topic: String) -> String

    /// The text of a successful result for several messages, for people: kser's `N message(s) sent`.
    func receipt(forCount count: Int, topic: String) -> String

    /// Sends a record and waits until it is delivered.
    ///
    /// - Returns: where the record came to stand.
    /// - Throws: why it was not delivered.
    func send(_ record: ProducerRecord) async throws -> RecordMetadata

    /// Sends a message in a record that has all but the value, and waits until it is delivered:
    /// ``send(_:to:key:partition:headers:timestamp:)`` without its log lines. The default writes the message with ``codec``.
    func deliver(_ message: Message, in record: ProducerRecord) async throws -> RecordMetadata

    /// Sends what messages become, with one wait for all of them at the end: ``send(contentsOf:to:)`` without its log
    /// lines. The default writes them with ``codec``.
    func deliver(contentsOf messages: some Sequence<Message>, to topic: String) async throws -> [RecordMetadata]

    /// Hands a record over, in order with those handed over before, without waiting for its delivery.
    ///
    /// The default sends and waits; transports that batch do better.
    ///
    /// - Returns: the outcome to come.
    /// - Throws: why the record was not taken.
    func enqueue(_ record: ProducerRecord) async throws -> Delivery
}

/// The largest record that a producer takes.
public struct RecordSizeLimit: Sendable, Hashable {
    /// How many bytes key, value and headers may have.
    public var bytes: Int
    /// The setting that says so, for people.
    public var setting: String

    /// Makes a limit.
    public init(bytes: Int, setting: String) {
        self.bytes = bytes
        self.setting = setting
    }
}

extension MessageProducer {
    /// Not known.
    public var recordSizeLimit: RecordSizeLimit? { nil }

    /// `Producer`.
    public var name: String { "Producer" }

    /// `Message mod.Task[uuid] sent in topic`.
    public func receipt(for message: Message, topic: String) -> String { "Message \(message) sent in \(topic)" }

    /// `N message(s) sent`.
    public func receipt(forCount count: Int, topic: String) -> String { "\(count) message(s) sent" }

    /// Sends the record and waits for it.
    public func enqueue(_ record: ProducerRecord) async throws -> Delivery { Delivery(try await send(record)) }

    /// Writes the message with ``codec`` and sends the record.
    public func deliver(_ message: Message, in record: ProducerRecord) async throws -> RecordMetadata {
        var record = record
        try record.write(message, codec: codec)
        return try await send(record)
    }

    /// Writes each message with ``codec`` and enqueues it, then waits for all.
    public func deliver(contentsOf messages: some Sequence<Message>, to topic: String) async throws -> [RecordMetadata]
    {
        var deliveries: [Delivery] = []
        deliveries.reserveCapacity(messages.underestimatedCount)
        for message in messages {
            deliveries.append(try await enqueue(ProducerRecord(message, to: topic, codec: codec)))
        }
        var sent: [RecordMetadata] = []
        sent.reserveCapacity(deliveries.count)
        for delivery in deliveries { sent.append(try await delivery.metadata()) }
        return sent
    }
}

extension MessageProducer {
    /// Sends a message and waits until it is delivered.
    ///
    /// - Parameters:
    ///   - message: the message, which ``codec`` writes.
    ///   - topic: the topic to send to.
    ///   - key: the record's key; messages of one key stay in order. kser sends none.
    ///   - partition: the partition to send to; nil lets the producer choose.
    ///   - headers: the record's headers.
    ///   - timestamp: when the record was made, in milliseconds since 1970; nil is now.
    /// - Returns: where the record came to stand.
    /// - Throws: why the message could not be written or was not delivered.
    @discardableResult
    public func send(
        _ message: Message,
        to topic: String,
        key: [UInt8]? = nil,
        partition: Int32? = nil,
        headers: [Record.Header] = [],
        timestamp: Int64? = nil
    ) async throws -> RecordMetadata {
        logReceived(message)
        do {
            let record = ProducerRecord(
                topic: topic,
                partition: partition,
                key: key,
                value: nil,
                headers: headers,
                timestamp: timestamp
            )
            let metadata = try await deliver(message, in: record)
            log(
                .info,
                "Success",
                message,
                ExecutionResult(uuid: message.uuid, stdout: receipt(for: message, topic: topic))
            )
            return metadata
        } catch {
            log(.error, "Failed", message, .from(error, uuid: message.uuid))
            throw error
        }
    }

    /// Sends a message as kser's `Producer.send` does: it never throws, the result says how it went.
    ///
    /// - Returns: a result with the message's uuid; ``receipt(for:topic:)`` as stdout, or the error.
    public func report(
        _ message: Message,
        to topic: String,
        key: [UInt8]? = nil,
        partition: Int32? = nil,
        headers: [Record.Header] = [],
        timestamp: Int64? = nil
    ) async -> ExecutionResult {
        do {
            try await send(
                message,
                to: topic,
                key: key,
                partition: partition,
                headers: headers,
                timestamp: timestamp
            )
            return ExecutionResult(uuid: message.uuid, stdout: receipt(for: message, topic: topic))
        } catch {
            return .from(error, uuid: message.uuid)
        }
    }

    /// Sends messages in order, with one wait for all of them at the end.
    ///
    /// - Returns: where the records came to stand, in the order of the messages.
    /// - Throws: the first error. When a message cannot be written or taken, the later ones are not sent; when one is not
    ///   delivered, the others may be.
    @discardableResult
    public func send(
        contentsOf messages: some Sequence<Message>,
        to topic: String
    ) async throws -> [RecordMetadata] {
        let received = messages.lazy.map { message in
            logReceived(message)
            return message
        }
        return try await deliver(contentsOf: received, to: topic)
    }

    /// Sends messages as kser's `Producer.bulk_send` does: it never throws, one result says how it went.
    ///
    /// - Returns: a result with a random uuid; ``receipt(forCount:topic:)`` as stdout, or the first error.
    public func report(contentsOf messages: some Sequence<Message>, to topic: String) async -> ExecutionResult {
        do {
            let count = try await send(contentsOf: messages, to: topic).count
            return ExecutionResult(stdout: receipt(forCount: count, topic: topic))
        } catch {
            return .from(error)
        }
    }
}

extension MessageProducer {
    private func logReceived(_ message: Message) {
        logger.log(.debug) {
            LogRecord(.debug, logger: "kser.controller", "\(name).ReceivedMessage \(message)", kmsg: message)
        }
    }

    private func log(
        _ level: LogLevel,
        _ outcome: String,
        _ message: Message,
        _ result: @autoclosure () -> ExecutionResult
    ) {
        logger.log(level) {
            let result = result()
            let text = "\(name).\(outcome): \(message): \(result)"
            return LogRecord(level, logger: "kser.controller", text, kmsg: message, kresult: result)
        }
    }
}
