package import Kser

/// The error of everything that talks to Kafka: what happened, where, and which setting to look at.
public struct KafkaError: Error, Sendable {
    /// What went wrong, for programs.
    public var code: Code
    /// What went wrong, for people.
    public var message: String
    /// The topic that the error is about.
    public var topic: String?
    /// The partition that the error is about.
    public var partition: Int32?
    /// The offset that the error is about.
    public var offset: Int64?
    /// librdkafka's number of the error; 0 when the error is not from librdkafka.
    public var rdKafkaCode: Int32
    /// librdkafka's name of the error, such as `_TRANSPORT`; empty when the error is not from librdkafka.
    public var rdKafkaName: String
    /// Whether the same call may succeed when it is made again.
    public var isRetriable: Bool
    /// Whether the client is of no further use.
    public var isFatal: Bool
    /// Which records of a bulk or a transaction were not delivered, by their place in it.
    public var failedIndices: [Int]
    /// The error that led to this one.
    public var cause: (any Error)?

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: what went wrong.
    ///   - message: the same for people.
    ///   - topic: the topic that the error is about.
    ///   - partition: the partition that the error is about.
    ///   - offset: the offset that the error is about.
    ///   - isRetriable: whether the same call may succeed later.
    ///   - isFatal: whether the client is of no further use.
    ///   - cause: the error that led to this one.
    public init(
        _ code: Code,
        _ message: String,
        topic: String? = nil,
        partition: Int32? = nil,
        offset: Int64? = nil,
        isRetriable: Bool = false,
        isFatal: Bool = false,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.isRetriable = isRetriable
        self.isFatal = isFatal
        self.cause = cause
        rdKafkaCode = 0
        rdKafkaName = ""
        failedIndices = []
    }
}

extension KafkaError: ClientError {
    /// What the error means for the record that was to be sent.
    package var verdict: SendVerdict {
        if isFatal { return .fatal }
        if isRetriable { return .transient }
        switch code {
        case .closed, .fenced: return .fatal
        case .messageTooLarge: return .tooLarge
        case .unknownTopic: return .unknownTopic
        case .configuration, .invalidRecord, .invalidTopic, .notAuthorized, .unknownPartition, .unsupported:
            return .refused
        default: return .transient
        }
    }

    /// Whether another record for the same topic may be taken.
    package var isOfRecordAlone: Bool {
        switch code {
        case .messageTooLarge, .invalidRecord, .unknownPartition: true
        default: false
        }
    }

    /// Which record of a transaction is at fault.
    package var failedIndex: Int? { failedIndices.first }
}

extension KafkaError: Hashable {
    /// Whether both say the same of the same place; the cause does not count.
    public static func == (left: KafkaError, right: KafkaError) -> Bool {
        left.code == right.code && left.message == right.message && left.topic == right.topic
            && left.partition == right.partition && left.offset == right.offset
            && left.rdKafkaCode == right.rdKafkaCode && left.failedIndices == right.failedIndices
    }

    /// Hashes what identifies the error.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(message)
    }
}

extension KafkaError: CustomStringConvertible {
    /// The message, with librdkafka's name of the error when it has one.
    public var description: String { rdKafkaName.isEmpty ? message : "\(message) [\(rdKafkaName)]" }
}
