extension EmbeddedBroker {
    /// The kinds of request that can be made to fail.
    public enum Request: Int16, Sendable, CaseIterable {
        /// Records to store.
        case produce = 0
        /// Records to read.
        case fetch = 1
        /// First and last offsets.
        case listOffsets = 2
        /// Brokers, topics and leaders.
        case metadata = 3
        /// Offsets of a group to store.
        case offsetCommit = 8
        /// Offsets of a group to read.
        case offsetFetch = 9
        /// Which broker is in charge of a group.
        case findCoordinator = 10
        /// A consumer joins its group.
        case joinGroup = 11
        /// A consumer's sign of life.
        case heartbeat = 12
        /// A consumer leaves its group.
        case leaveGroup = 13
        /// A consumer asks for its partitions.
        case syncGroup = 14
        /// Which versions the broker speaks.
        case apiVersions = 18
        /// An idempotent producer asks for its number.
        case initProducerID = 22
        /// A transaction begins to write to partitions.
        case addPartitionsToTransaction = 24
        /// A transaction begins to commit offsets of a group.
        case addOffsetsToTransaction = 25
        /// A transaction is to be committed or aborted.
        case endTransaction = 26
        /// Offsets of a group to store with a transaction.
        case transactionalOffsetCommit = 28
    }

    /// What a request fails with. The set is open: any of Kafka's error numbers will do.
    public struct BrokerFault: RawRepresentable, Sendable, Hashable {
        /// Kafka's number of the error; negative ones are librdkafka's own.
        public let rawValue: Int32

        /// A fault by its number.
        public init(rawValue: Int32) { self.rawValue = rawValue }

        /// No error: the request goes through.
        public static let none = Self(rawValue: 0)
        /// The connection closes instead of an answer.
        public static let disconnect = Self(rawValue: -195)
        /// No such topic or partition.
        public static let unknownTopic = Self(rawValue: 3)
        /// The leader is being elected.
        public static let leaderNotAvailable = Self(rawValue: 5)
        /// Another broker leads the partition.
        public static let notLeader = Self(rawValue: 6)
        /// The broker ran out of time.
        public static let requestTimedOut = Self(rawValue: 7)
        /// The record is too large for the broker.
        public static let messageTooLarge = Self(rawValue: 10)
        /// The group's coordinator is loading.
        public static let coordinatorLoading = Self(rawValue: 14)
        /// The group's coordinator is not there.
        public static let coordinatorNotAvailable = Self(rawValue: 15)
        /// Another broker is the group's coordinator.
        public static let notCoordinator = Self(rawValue: 16)
        /// Too few replicas.
        public static let notEnoughReplicas = Self(rawValue: 19)
        /// The group has moved on to another generation.
        public static let illegalGeneration = Self(rawValue: 22)
        /// The group does not know the consumer.
        public static let unknownMember = Self(rawValue: 25)
        /// The group is being rebalanced.
        public static let rebalanceInProgress = Self(rawValue: 27)
        /// The user has no right to the topic.
        public static let topicNotAuthorized = Self(rawValue: 29)
        /// The user has no right to the group.
        public static let groupNotAuthorized = Self(rawValue: 30)
        /// An idempotent producer's records do not follow those that the broker has.
        public static let outOfOrderSequence = Self(rawValue: 45)
        /// A newer producer has the same transactional id.
        public static let invalidProducerEpoch = Self(rawValue: 47)
        /// The transaction before is not ended yet.
        public static let concurrentTransactions = Self(rawValue: 51)
        /// The broker has forgotten the idempotent producer.
        public static let unknownProducerID = Self(rawValue: 59)
    }
}
