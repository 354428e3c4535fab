/// A topic to be created.
public struct NewTopic: Sendable, Hashable {
    /// The topic's name.
    public var name: String
    /// How many partitions.
    public var partitions: Int
    /// How many copies of each partition; nil takes the broker's default.
    public var replication: Int?
    /// The topic's settings by Kafka's names, such as `cleanup.policy`.
    public var configuration: [String: String]

    /// Describes a topic to be created.
    public init(
        _ name: String,
        partitions: Int,
        replication: Int? = nil,
        configuration: [String: String] = [:]
    ) {
        self.name = name
        self.partitions = partitions
        self.replication = replication
        self.configuration = configuration
    }
}

/// A topic as the cluster has it.
public struct TopicDescription: Sendable, Hashable {
    /// A partition of a topic.
    public struct Partition: Sendable, Hashable {
        /// The partition's number.
        public var id: Int32
        /// The broker that leads it; nil while there is none.
        public var leader: Int32?
        /// The brokers that have a copy.
        public var replicas: [Int32]
    }

    /// The topic's name.
    public var name: String
    /// The partitions by number.
    public var partitions: [Partition]
}
