public import Kser

/// Reads what topics of a cluster hold, as a member of no group: nothing is committed and no consumer is disturbed.
///
///     let letters = DeadLetters(in: try KafkaTopicReader(bootstrapServers: "kafka:9092"))
public final class KafkaTopicReader: TopicReader {
    private let configuration: ConsumerConfiguration
    private let admin: Admin
    private let timeout: Duration
    private let logger: KserLogger

    /// Makes a reader.
    ///
    /// - Parameters:
    ///   - bootstrapServers: the brokers to ask first, as `host:port`, separated by commas.
    ///   - security: TLS and SASL.
    ///   - timeout: how long the brokers may take to answer.
    ///   - logger: takes librdkafka's lines, as `kser.kafka`.
    /// - Throws: ``KafkaError`` that names the setting that is missing or refused.
    public convenience init(
        bootstrapServers: String,
        security: Security = .none,
        timeout: Duration = .seconds(30),
        logger: KserLogger = .none
    ) throws {
        var configuration = ConsumerConfiguration(bootstrapServers: bootstrapServers, groupID: "kser-reader")
        configuration.clientID = "kser-reader"
        configuration.security = security
        try self.init(configuration, timeout: timeout, logger: logger)
    }

    /// Makes a reader of the cluster that a consumer's settings are for; their group is not used.
    ///
    /// - Throws: ``KafkaError`` that names the setting that is missing or refused.
    public init(
        _ configuration: ConsumerConfiguration,
        timeout: Duration = .seconds(30),
        logger: KserLogger = .none
    ) throws {
        var configuration = configuration
        configuration.groupInstanceID = nil
        configuration.autoOffsetReset = .earliest
        self.configuration = configuration
        self.timeout = timeout
        self.logger = logger
        admin = try Admin(configuration, timeout: timeout, logger: logger)
    }

    /// The offsets that a topic holds, by partition.
    ///
    /// - Throws: ``KafkaError``; `unknownTopic` when there is none.
    public func offsets(of topic: String) async throws -> [Int32: Range<Int64>] {
        // Asking for one topic by name would make some brokers create it.
        guard let found = try await admin.topics().first(where: { $0.name == topic }) else {
            let advice = KafkaError.Code.unknownTopic.advice ?? ""
            throw KafkaError(.unknownTopic, "there is no topic \"\(topic)\"; \(advice)", topic: topic)
        }
        var offsets: [Int32: Range<Int64>] = [:]
        for partition in found.partitions {
            offsets[partition.id] = try await admin.offsets(ofTopic: topic, partition: partition.id)
        }
        return offsets
    }

    /// Reads the records of a partition whose offsets are in the range.
    ///
    /// - Throws: ``KafkaError`` when they cannot be read, or nothing comes within the timeout; what the body throws.
    public func read(
        _ topic: String,
        partition: Int32,
        offsets: Range<Int64>,
        _ body: (Record) async throws -> Bool
    ) async throws {
        if offsets.isEmpty { return }
        let (configuration, timeout, logger) = (configuration, timeout, logger)
        let calls = CallThread("kser.reader")
        let reader = try await calls.run {
            try RDKafkaReader(configuration, of: topic, from: [partition: offsets.lowerBound], logger: logger)
        }
        while true {
            let (records, isAtEnd) = try await calls.run { try reader.read(timeout: timeout) }
            for record in records {
                if record.offset >= offsets.upperBound { return }
                guard try await body(record), record.offset + 1 < offsets.upperBound else { return }
            }
            if isAtEnd { return }
        }
    }

    /// Reads the records of partitions from these offsets on, and those to come. It waits for brokers that fail.
    ///
    /// - Throws: ``KafkaError`` when they cannot be read, for example because the topic is deleted; what the body throws;
    ///   `CancellationError` when the task is cancelled.
    public func follow(
        _ topic: String,
        from offsets: [Int32: Int64],
        _ body: (Record) async throws -> Void
    ) async throws {
        let (configuration, logger) = (configuration, logger)
        let calls = CallThread("kser.reader")
        let reader = try await calls.run {
            try RDKafkaReader(configuration, of: topic, from: offsets, logger: logger)
        }
        while true {
            for record in try await calls.run({ try reader.wait(atMost: .seconds(1)) }) {
                try await body(record)
            }
        }
    }
}
