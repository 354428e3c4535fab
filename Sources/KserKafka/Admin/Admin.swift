public import Kser

/// Creates, deletes and describes topics, and asks how far a group has come.
///
///     let admin = try Admin(bootstrapServers: "kafka:9092")
///     try await admin.createTopics([NewTopic("dice", partitions: 3)])
///
/// One thread of its own makes the calls, one after another, never one of the cooperative pool. A call's timeout begins
/// when it is asked for.
public final class Admin: Sendable {
    private let client: RDKafkaAdmin
    private let servers: [String]
    private let timeout: Duration
    private let calls = CallThread("kser.admin")

    /// Makes an admin; it connects in the background.
    ///
    /// - Parameters:
    ///   - bootstrapServers: the brokers to ask first, as `host:port`, separated by commas.
    ///   - security: TLS and SASL.
    ///   - timeout: how long a call may take.
    ///   - additional: any further property of librdkafka.
    ///   - logger: takes librdkafka's lines, as `kser.kafka`.
    /// - Throws: ``KafkaError`` that names the setting that is missing or refused.
    public init(
        bootstrapServers: String,
        security: Security = .none,
        timeout: Duration = .seconds(30),
        additional: [String: String] = [:],
        logger: KserLogger = .none
    ) throws {
        servers = splitServers(bootstrapServers)
        let settings = Settings(bootstrapServers: servers, security: security, additional: additional)
        client = try RDKafkaAdmin(try settings.properties(), logger: logger)
        self.timeout = min(timeout, .seconds(86_400))
    }

    /// Makes an admin of the cluster that a producer's settings are for.
    public convenience init(
        _ configuration: ProducerConfiguration,
        timeout: Duration = .seconds(30),
        logger: KserLogger = .none
    ) throws {
        try self.init(as: configuration, timeout, logger)
    }

    /// Makes an admin of the cluster that a consumer's settings are for.
    public convenience init(
        _ configuration: ConsumerConfiguration,
        timeout: Duration = .seconds(30),
        logger: KserLogger = .none
    ) throws {
        try self.init(as: configuration, timeout, logger)
    }

    private convenience init(as other: some ClientConfiguration, _ timeout: Duration, _ logger: KserLogger) throws {
        try self.init(
            bootstrapServers: other.bootstrapServers.joined(separator: ","),
            security: other.security,
            timeout: timeout,
            additional: other.additional,
            logger: logger
        )
    }

    /// Makes calls of librdkafka, within the timeout.
    private func call<Value: Sendable>(
        _ body: @escaping @Sendable (RDKafkaAdmin) throws -> Value
    ) async throws -> Value {
        let client = client.until(.now + timeout)
        return try await calls.run {
            let value = try body(client)
            client.recovered()
            return value
        }
    }

    private struct Settings: ClientConfiguration {
        var bootstrapServers: [String]
        var clientID = "kser-admin"
        var security: Security
        var additional: [String: String]
        var ownProperties: [RDKafkaProperty] { [] }
        static let reserved: Set<String> = ["bootstrap.servers", "metadata.broker.list", "log.queue"]
        var description: String { redactedDescription }
        var customMirror: Mirror { redactedMirror }
    }
}

extension Admin {
    /// Creates topics.
    ///
    /// - Parameters:
    ///   - topics: what to create.
    ///   - existing: whether a topic that is there already is fine, whatever its partitions; default true.
    /// - Throws: ``KafkaError`` of the first topic that could not be created; `topicExists` when that is not fine.
    public func createTopics(_ topics: [NewTopic], existingIsFine existing: Bool = true) async throws {
        for topic in topics {
            try TopicName.check(topic.name)
            guard topic.partitions > 0 else {
                throw KafkaError(
                    .configuration,
                    "creating topic \"\(topic.name)\": it has 1 partition or more, not \(topic.partitions)",
                    topic: topic.name
                )
            }
            do {
                try await create(topic)
            } catch let error as KafkaError where error.code == .topicExists && existing {
                continue
            }
        }
    }

    private func create(_ topic: NewTopic) async throws {
        let servers = servers
        try await call { client in
            // librdkafka's mock cluster knows no such request.
            if let cluster = EmbeddedBroker.cluster(at: servers) {
                try cluster.createTopic(
                    topic.name,
                    partitions: topic.partitions,
                    replication: topic.replication ?? 1
                )
            } else {
                try client.createTopic(topic)
            }
        }
    }

    /// Deletes a topic. An ``EmbeddedBroker`` does not do this.
    ///
    /// - Throws: ``KafkaError``; `unknownTopic` when there is none.
    public func deleteTopic(_ name: String) async throws { try await call { try $0.deleteTopic(name) } }

    /// The topics of the cluster by name.
    public func topics() async throws -> [TopicDescription] { try await call { try $0.metadata(of: nil) } }

    /// One topic.
    ///
    /// - Throws: ``KafkaError``; `unknownTopic` when there is none.
    public func topic(_ name: String) async throws -> TopicDescription { try await call { try $0.topic(name) } }

    /// The offsets that a partition holds: from its first record to the one that comes next.
    public func offsets(ofTopic topic: String, partition: Int32) async throws -> Range<Int64> {
        try TopicName.check(topic)
        return try await call { try $0.watermarks(of: topic, [partition])[partition] ?? 0..<0 }
    }

    /// The offsets that a group has committed, by partition. A partition without one is not there.
    public func committedOffsets(ofGroup group: String, topic: String) async throws -> [Int32: Int64] {
        try await call { client in
            let partitions = try client.topic(topic).partitions.map(\.id)
            return try client.committed(group: group, topic, partitions)
        }
    }

    /// How many offsets of a topic a group has yet to commit, by partition, up to the first transaction that is open. Without
    /// a committed offset that the partition still holds, or ends at, it is all.
    public func lag(ofGroup group: String, topic: String) async throws -> [Int32: Int64] {
        try await call { client in
            let partitions = try client.topic(topic).partitions.map(\.id)
            let committed = try client.committed(group: group, topic, partitions)
            let held = try client.watermarks(of: topic, partitions)
            return held.reduce(into: [:]) { lag, held in
                let (begin, end) = (held.value.lowerBound, held.value.upperBound)
                // The topic may have been created anew since the commit.
                let next = committed[held.key].flatMap { (begin...end).contains($0) ? $0 : nil }
                lag[held.key] = end - (next ?? begin)
            }
        }
    }

    /// Sets the offsets that a group has committed, as a member of no group; refused while the group has members.
    ///
    /// - Parameters:
    ///   - group: the group.
    ///   - topic: the topic.
    ///   - offsets: the next offset to read, by partition; other partitions stay as they are.
    /// - Throws: ``KafkaError`` of the first partition that was refused.
    public func setCommittedOffsets(ofGroup group: String, topic: String, to offsets: [Int32: Int64]) async throws {
        try TopicName.check(topic)
        if offsets.isEmpty { return }
        try await call { client in
            let list = offsets.map { (TopicPartition(topic: topic, partition: $0.key), $0.value) }
            try client.setCommitted(group: group, list)
        }
    }

    /// The consumer groups that the brokers know, by name.
    public func groups() async throws -> [GroupDescription] { try await call { try $0.listGroups() } }
}
