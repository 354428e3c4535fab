extension KafkaError {
    /// What went wrong, for programs. The set is open: a code that has no name here is librdkafka's own name of it, such
    /// as `NOT_LEADER_FOR_PARTITION`.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The code's name.
        public let rawValue: String

        /// A code of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The code's name.
        public var description: String { rawValue }

        /// A setting is missing, wrong or refused by librdkafka.
        public static let configuration = Self(rawValue: "configuration")
        /// No broker answers: wrong address, broker down, network.
        public static let brokerUnavailable = Self(rawValue: "brokerUnavailable")
        /// The broker refused the credentials, or the TLS handshake failed.
        public static let authentication = Self(rawValue: "authentication")
        /// The user may not do this with the topic, group or cluster.
        public static let notAuthorized = Self(rawValue: "notAuthorized")
        /// The cluster has no such topic.
        public static let unknownTopic = Self(rawValue: "unknownTopic")
        /// The topic has no such partition.
        public static let unknownPartition = Self(rawValue: "unknownPartition")
        /// The topic's name is not acceptable.
        public static let invalidTopic = Self(rawValue: "invalidTopic")
        /// The topic is there already.
        public static let topicExists = Self(rawValue: "topicExists")
        /// The record is larger than the client or the broker takes.
        public static let messageTooLarge = Self(rawValue: "messageTooLarge")
        /// The broker does not take the record as it is: a compacted topic takes none without a key, say.
        public static let invalidRecord = Self(rawValue: "invalidRecord")
        /// The send queue stayed full for longer than the record was to wait.
        public static let queueFull = Self(rawValue: "queueFull")
        /// No answer came within the time set.
        public static let timedOut = Self(rawValue: "timedOut")
        /// The client is closed.
        public static let closed = Self(rawValue: "closed")
        /// The record was given up when the producer closed; it may have been delivered.
        public static let abandoned = Self(rawValue: "abandoned")
        /// Another client of the same identity took over.
        public static let fenced = Self(rawValue: "fenced")
        /// The partition was taken away from the consumer.
        public static let revoked = Self(rawValue: "revoked")
        /// The members of the group share no assignment strategy.
        public static let inconsistentGroup = Self(rawValue: "inconsistentGroup")
        /// The offset is not in the partition any more, or not yet.
        public static let offsetOutOfRange = Self(rawValue: "offsetOutOfRange")
        /// The broker or librdkafka cannot do this.
        public static let unsupported = Self(rawValue: "unsupported")
        /// The process can make no more threads, or too many calls wait already.
        public static let resourceExhausted = Self(rawValue: "resourceExhausted")
        /// Some records of a bulk were not delivered; see ``KafkaError/failedIndices``.
        public static let bulk = Self(rawValue: "bulk")
    }
}
