public import Kser
import Synchronization

/// A Kafka cluster inside this process, for trying and testing: real TCP on a loopback port, consumer groups with
/// rebalances and committed offsets, and faults on demand. It is librdkafka's mock cluster.
///
///     let broker = try EmbeddedBroker(topics: ["dice": 3])
///     let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
///
/// - Important: It is for trying and testing. It keeps about 5 MB a partition in memory and forgets older records; it has
///   no authentication, and answers a fetch for which there was nothing only when
///   ``ConsumerConfiguration/fetchMaxWait`` is over, even when there is news meanwhile. It goes through the motions of
///   transactions only: what is aborted is read all the same, and offsets in transactions are not kept. A topic that is
///   not created first is made with 4 partitions when a producer sends to it. A group's first assignment takes 3
///   seconds (0.1 from librdkafka 2.6 on), and each rebalance the session timeout less a second; commits are refused
///   meanwhile, so what was handled since the last commit is delivered again. ``ConsumerConfiguration`` has shorter times
///   for it, which a consumer of another process has to set itself: ``ConsumerConfiguration/sessionTimeout`` and
///   ``ConsumerConfiguration/heartbeatInterval``.
public final class EmbeddedBroker: Sendable {
    /// The addresses of the brokers, as clients want them.
    public let bootstrapServers: String
    let cluster: RDKafkaMockCluster
    private let calls = CallThread("kser.embedded")

    /// Starts a cluster. It stops when it is released.
    ///
    /// - Parameters:
    ///   - topics: topics to create, with their numbers of partitions.
    ///   - brokers: how many brokers; they are numbered from 1.
    ///   - logger: takes librdkafka's lines about the cluster.
    /// - Throws: ``KafkaError`` when a number is not acceptable.
    public init(topics: [String: Int] = [:], brokers: Int = 1, logger: KserLogger = .none) throws {
        guard brokers > 0 else {
            throw KafkaError(.configuration, "an embedded cluster has 1 broker or more, not \(brokers)")
        }
        cluster = try RDKafkaMockCluster(brokers: brokers, logger: logger)
        bootstrapServers = cluster.bootstrapServers
        for (name, partitions) in topics.sorted(by: { $0.key < $1.key }) {
            try Self.create(name, partitions, min(brokers, 3), on: cluster)
        }
        let running = Running(cluster: cluster)
        Self.running.withLock { all in
            for address in splitServers(bootstrapServers) { all[address] = running }
        }
    }

    deinit {
        Self.running.withLock { all in
            for address in splitServers(bootstrapServers) { all[address] = nil }
        }
    }

    /// Creates a topic.
    ///
    /// - Parameters:
    ///   - name: the topic's name.
    ///   - partitions: how many partitions.
    /// - Throws: ``KafkaError``; `topicExists` when it is there already.
    public func createTopic(_ name: String, partitions: Int) async throws {
        try await onCluster { try Self.create(name, partitions, 1, on: $0) }
    }

    /// Makes the next requests of a kind fail, one for each error; a retry counts as a request of its own.
    ///
    /// - Parameters:
    ///   - request: the kind of request.
    ///   - errors: what they fail with, in order. ``BrokerFault/none`` lets one through.
    /// - Throws: `CancellationError`.
    public func fail(_ request: Request, with errors: [BrokerFault]) async throws {
        try await onCluster { $0.fail(apiKey: request.rawValue, codes: errors.map(\.rawValue)) }
    }

    /// Lets requests of a kind through again.
    public func clearFaults(of request: Request) async throws {
        try await onCluster { $0.clearFailures(apiKey: request.rawValue) }
    }

    /// Makes every use of a topic fail; nil mends it.
    public func failTopic(_ name: String, with error: BrokerFault?) async throws {
        try await onCluster { $0.setTopicError(name, error?.rawValue ?? 0) }
    }

    /// Takes a broker down, closing its connections, or up again.
    public func setBroker(_ broker: Int32 = 1, isUp: Bool) async throws {
        try await onCluster { try $0.setBroker(broker, up: isUp) }
    }

    /// Makes every answer of a broker this late.
    public func setRoundTripTime(_ time: Duration, ofBroker broker: Int32 = 1) async throws {
        try await onCluster { try $0.setRoundTripTime(broker, milliseconds: time.wholeMilliseconds) }
    }

    /// Moves a partition to another leader.
    public func setLeader(ofTopic topic: String, partition: Int32, broker: Int32) async throws {
        try await onCluster { try $0.setLeader(topic: topic, partition: partition, broker: broker) }
    }

    /// Moves the coordinator of a group to another broker.
    public func setCoordinator(ofGroup group: String, broker: Int32) async throws {
        try await onCluster { try $0.setCoordinator(group: group, broker: broker) }
    }

    private func onCluster(_ call: @escaping @Sendable (RDKafkaMockCluster) throws -> Void) async throws {
        let cluster = cluster
        try await calls.run { try call(cluster) }
    }

    private static func create(_ name: String, _ partitions: Int, _ copies: Int, on cluster: RDKafkaMockCluster) throws
    {
        try TopicName.check(name)
        guard partitions > 0 else {
            throw KafkaError(
                .configuration,
                "topic \"\(name)\" has 1 partition or more, not \(partitions)",
                topic: name
            )
        }
        try cluster.createTopic(name, partitions: partitions, replication: copies)
    }
}

extension EmbeddedBroker {
    private struct Running: Sendable {
        weak let cluster: RDKafkaMockCluster?
    }

    private static let running = Mutex<[String: Running]>([:])

    /// Whether one of the addresses is an embedded broker of this process.
    static func isOne(of servers: [String]) -> Bool { cluster(at: servers) != nil }

    /// The cluster at one of the addresses.
    static func cluster(at servers: [String]) -> RDKafkaMockCluster? {
        running.withLock { all in
            for server in servers {
                for address in splitServers(server) {
                    if let cluster = all[address]?.cluster { return cluster }
                }
            }
            return nil
        }
    }
}
