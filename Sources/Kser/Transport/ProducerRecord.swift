/// A record to be sent: where to, and its bytes.
public struct ProducerRecord: Sendable, Hashable {
    /// The topic to send to.
    public var topic: String
    /// The partition to send to; nil lets the producer choose by the key.
    public var partition: Int32?
    /// The key, or nil. Records of one key go to one partition and so stay in order.
    public var key: [UInt8]?
    /// The value. Nil is a tombstone.
    public var value: [UInt8]?
    /// The headers in order.
    public var headers: [Record.Header]
    /// When the record was made, in milliseconds since 1970; nil is now.
    public var timestamp: Int64?
    /// Whether it belongs to the trace that its headers name, whatever span is active where it is sent.
    package var keepsTrace = false

    /// Makes a record.
    public init(
        topic: String,
        partition: Int32? = nil,
        key: [UInt8]? = nil,
        value: [UInt8]?,
        headers: [Record.Header] = [],
        timestamp: Int64? = nil
    ) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp = timestamp
    }
}

extension ProducerRecord {
    /// How many bytes the content takes in memory, about; see ``Record/footprint``.
    package var footprint: Int { Record.footprint(key, value, headers) }
}

extension ProducerRecord {
    /// Makes a record that carries a message.
    ///
    /// - Parameters:
    ///   - message: the message.
    ///   - topic: the topic to send to.
    ///   - partition: the partition to send to; nil lets the producer choose.
    ///   - key: the record's key.
    ///   - headers: the record's headers; the codec's own take the place of those of the same names.
    ///   - timestamp: when the record was made, in milliseconds since 1970; nil is now.
    ///   - codec: writes the message.
    /// - Throws: ``KserError`` when the message cannot be written.
    public init(
        _ message: Message,
        to topic: String,
        partition: Int32? = nil,
        key: [UInt8]? = nil,
        headers: [Record.Header] = [],
        timestamp: Int64? = nil,
        codec: any MessageCodec
    ) throws {
        self.init(
            topic: topic,
            partition: partition,
            key: key,
            value: nil,
            headers: headers,
            timestamp: timestamp
        )
        try write(message, codec: codec)
    }

    /// Writes a message into the record: its value, the codec's own headers in the place of those of the same names, and
    /// what the codec makes of the key.
    ///
    /// - Throws: ``KserError`` when the message cannot be written.
    public mutating func write(_ message: Message, codec: any MessageCodec) throws {
        let encoded = try codec.encode(message, for: topic)
        value = encoded.value
        key = key.map { codec.recordKey($0) }
        if encoded.headers.isEmpty { return }
        headers.removeAll { header in encoded.headers.contains { $0.name == header.name } }
        headers += encoded.headers
    }
}

/// Where a record came to stand.
public struct RecordMetadata: Sendable, Hashable {
    /// The topic that holds the record.
    public var topic: String
    /// The partition that holds the record.
    public var partition: Int32
    /// The position in the partition; nil when no acknowledgement was asked for.
    public var offset: Int64?
    /// The record's timestamp in milliseconds since 1970, when it is known.
    public var timestamp: Int64?

    /// Makes the metadata of a record.
    public init(topic: String, partition: Int32, offset: Int64?, timestamp: Int64? = nil) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
    }
}

/// The outcome to come of a record that was handed over: await ``metadata()`` to know that it was delivered.
public struct Delivery: Sendable {
    private let wait: @Sendable () async throws -> RecordMetadata

    /// A delivery whose outcome the closure waits for.
    public init(_ wait: @escaping @Sendable () async throws -> RecordMetadata) { self.wait = wait }

    /// A delivery that has happened.
    public init(_ metadata: RecordMetadata) { self.init { metadata } }

    /// Waits until the record is delivered.
    ///
    /// - Returns: where the record came to stand.
    /// - Throws: why it was not delivered; `CancellationError` when the waiting task is cancelled, though the record may
    ///   still be delivered then.
    public func metadata() async throws -> RecordMetadata { try await wait() }
}
