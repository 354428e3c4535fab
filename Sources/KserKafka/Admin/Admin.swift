public import Kser

/// Creates, deletes and describes topics, and asks how far a group has come.
///
///     let admin = try Admin(bootstrapServers: "kafka:9092")
///     try await admin.createTopics([NewTopic("dice", partitions: 3)])
///
/// Every call takes a thread of its own while it waits, never one of the cooperative pool.
public final class Admin: Sendable {
    private let client: RDKafkaAdmin
    private let servers: [String]

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
        client = try RDKafkaAdmin(try settings.properties(), timeout: timeout, logger: logger)
    }

    /// Makes an admin of the cluster that a producer's settings are for.
    public convenience init(
        _ configuration: ProducerConfiguration,
        timeout: Duration = .seconds(30),
        logger: KserLogger = .none
    ) throws {
        try self.init(
            bootstrapServers: configuration.bootstrapServers.joined(separator: ","),
            security: configuration.security,
            timeout: timeout,
            additional: configuration.additional,
            logger: logger
        )
    }

    /// Makes an admin of the cluster that a consumer's settings are for.
    public convenience init(
        _ configuration: ConsumerConfiguration,
        timeout: Duration = .seconds(30),
        logger: KserLogger = .none
    ) throws {
        try self.init(
            bootstrapServers: configuration.bootstrapServers.joined(separator: ","),
            security: configuration.security,
            timeout: timeout,
            additional: configuration.additional,
            logger: logger
        )
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
        let (client, servers) = (client, servers)
        try await onOwnThread("kser.admin") {
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
    public func deleteTopic(_ name: String) async throws {
        let client = client
        try await onOwnThread("kser.admin") { try client.deleteTopic(name) }
    }

    /// The topics of the cluster by name.
    public func topics() async throws -> [TopicDescription] {
        let client = client
        return try await onOwnThread("kser.admin") { try client.metadata(of: nil) }
    }

    /// One topic.
    ///
    /// - Throws: ``KafkaError``; `unknownTopic` when there is none.
    public func topic(_ name: String) async throws -> TopicDescription {
        try TopicName.check(name)
        let client = client
        return try await onOwnThread("kser.admin") {
            guard let topic = try client.metadata(of: name).first, !topic.partitions.isEmpty else {
                let advice = KafkaError.Code.unknownTopic.advice ?? ""
                throw KafkaError(.unknownTopic, "there is no topic \"\(name)\"; \(advice)", topic: name)
            }
            return topic
        }
    }

    /// The offsets that a partition holds: from its first record to the one that comes next.
    public func offsets(ofTopic topic: String, partition: Int32) async throws -> Range<Int64> {
        try TopicName.check(topic)
        let client = client
        return try await onOwnThread("kser.admin") {
            try client.watermarks(of: TopicPartition(topic: topic, partition: partition))
        }
    }

    /// The offsets that a group has committed, by partition. A partition without one is not there.
    public func committedOffsets(ofGroup group: String, topic: String) async throws -> [Int32: Int64] {
        let partitions = try await self.topic(topic).partitions
        let client = client
        return try await onOwnThread("kser.admin") {
            let places = partitions.map { TopicPartition(topic: topic, partition: $0.id) }
            let committed = try client.committed(group: group, places)
            return Dictionary(uniqueKeysWithValues: committed.map { ($0.key.partition, $0.value) })
        }
    }

    /// How many offsets of a topic a group has yet to commit, by partition, up to the first transaction that is open. Without
    /// a committed offset that the partition still holds, or ends at, it is all.
    public func lag(ofGroup group: String, topic: String) async throws -> [Int32: Int64] {
        let committed = try await committedOffsets(ofGroup: group, topic: topic)
        let partitions = try await self.topic(topic).partitions
        let client = client
        return try await onOwnThread("kser.admin") {
            var lag: [Int32: Int64] = [:]
            for partition in partitions {
                let held = try client.watermarks(of: TopicPartition(topic: topic, partition: partition.id))
                // The topic may have been created anew since the commit.
                let next = committed[partition.id].flatMap {
                    (held.lowerBound...held.upperBound).contains($0) ? $0 : nil
                }
                lag[partition.id] = held.upperBound - (next ?? held.lowerBound)
            }
            return lag
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
        let client = client
        try await onOwnThread("kser.admin") {
            let list = offsets.map { (TopicPartition(topic: topic, partition: $0.key), $0.value) }
            try client.setCommitted(group: group, list)
        }
    }

    /// The consumer groups that the brokers know, by name.
    public func groups() async throws -> [GroupDescription] {
        let client = client
        return try await onOwnThread("kser.admin") { try client.groups() }
    }
}
