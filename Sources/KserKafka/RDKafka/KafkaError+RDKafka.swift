internal import CLibrdkafka

extension KafkaError {
    /// An error of librdkafka.
    ///
    /// - Parameters:
    ///   - error: librdkafka's code.
    ///   - doing: what was tried, as the beginning of a sentence: `sending to topic "jobs"`.
    ///   - reason: librdkafka's text, when it is better than the code's own.
    ///   - topic: the topic that the error is about.
    ///   - partition: the partition that the error is about.
    init(
        _ error: rd_kafka_resp_err_t,
        doing: String,
        reason: String? = nil,
        topic: String? = nil,
        partition: Int32? = nil
    ) {
        let code = Code(error)
        let text = reason.flatMap { $0.isEmpty ? nil : $0 } ?? Self.text(error)
        let advice = (error.advice ?? code.advice).map { "; \($0)" } ?? ""
        self.init(code, "\(doing) failed: \(text)\(advice)", topic: topic, partition: partition)
        rdKafkaCode = error.rawValue
        rdKafkaName = String(cString: rd_kafka_err2name(error))
        isRetriable = error.isRetriable
        isFatal = error == RD_KAFKA_RESP_ERR__FATAL
    }

    /// An error object of librdkafka, which is destroyed.
    init(consuming error: OpaquePointer, doing: String, topic: String? = nil) {
        self.init(
            rd_kafka_error_code(error),
            doing: doing,
            reason: String(cString: rd_kafka_error_string(error)),
            topic: topic
        )
        isFatal = isFatal || rd_kafka_error_is_fatal(error) != 0
        isRetriable = isRetriable || rd_kafka_error_is_retriable(error) != 0
        rd_kafka_error_destroy(error)
    }

    /// Whether a broker misses records of an idempotent producer before those that it got.
    var isGapInSequence: Bool { rdKafkaCode == RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER.rawValue }

    /// Whether a group refuses a commit because it is being rebalanced, or was while the commit was on its way.
    var isOfRebalance: Bool {
        rdKafkaCode == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS.rawValue
            || rdKafkaCode == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION.rawValue
    }

    /// librdkafka's text of a code.
    static func text(_ error: rd_kafka_resp_err_t) -> String { String(cString: rd_kafka_err2str(error)) }
}

extension KafkaError.Code {
    /// The code for one of librdkafka's.
    init(_ error: rd_kafka_resp_err_t) {
        switch error {
        case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
            RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
            self = .brokerUnavailable
        case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
            RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE, RD_KAFKA_RESP_ERR__SSL:
            self = .authentication
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
            self = .notAuthorized
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: self = .unknownTopic
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: self = .unknownPartition
        case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: self = .invalidTopic
        case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS: self = .topicExists
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE: self = .messageTooLarge
        case RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP: self = .invalidRecord
        case RD_KAFKA_RESP_ERR__QUEUE_FULL: self = .queueFull
        case RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
            self = .timedOut
        case RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT: self = .abandoned
        case RD_KAFKA_RESP_ERR__DESTROY: self = .closed
        case RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
            RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
            self = .fenced
        case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL: self = .inconsistentGroup
        case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: self = .offsetOutOfRange
        case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED,
            RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT,
            RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
            self = .unsupported
        case RD_KAFKA_RESP_ERR__INVALID_ARG, RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT,
            RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, RD_KAFKA_RESP_ERR_INVALID_PARTITIONS,
            RD_KAFKA_RESP_ERR_INVALID_CONFIG:
            self = .configuration
        default: self.init(rawValue: String(cString: rd_kafka_err2name(error)))
        }
    }

    /// Which setting to look at.
    var advice: String? {
        switch self {
        case .brokerUnavailable: "check bootstrapServers, and that a broker runs there"
        case .authentication: "check security.sasl and security.tls"
        case .notAuthorized: "give the user of security.sasl the right (ACL) on the broker"
        case .unknownTopic: "create the topic (Admin.createTopics), or check its name"
        case .unknownPartition: "check the partition's number against Admin.topics"
        case .invalidTopic: "a topic's name has 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_' and '-'"
        case .messageTooLarge: "raise messageMaxBytes and the broker's message.max.bytes, or send less"
        case .invalidRecord: "a topic whose cleanup.policy is compact takes no record without a key"
        case .queueFull: "raise queueMaxMessages or queueMaxBytes, or send slower"
        case .fenced: "another client uses the same groupInstanceID or transactional id"
        case .inconsistentGroup: "assignmentStrategy must share a strategy with every member of the group"
        default: nil
        }
    }
}

extension rd_kafka_resp_err_t {
    /// Which setting to look at, when it is this error's alone.
    fileprivate var advice: String? {
        guard self == RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT else { return nil }
        return "the broker bounds sessionTimeout by group.min.session.timeout.ms and group.max.session.timeout.ms"
    }

    /// Whether the same request may succeed later.
    var isRetriable: Bool {
        switch self {
        case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE,
            RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
            RD_KAFKA_RESP_ERR__QUEUE_FULL, RD_KAFKA_RESP_ERR__WAIT_COORD,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
            RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_NOT_CONTROLLER, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
            RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
            true
        default: false
        }
    }
}
