public import Foundation
import Kser

/// The settings of a ``Producer``.
///
///     var configuration = ProducerConfiguration(bootstrapServers: "kafka-1:9092,kafka-2:9092")
///     configuration.compression = .lz4
public struct ProducerConfiguration: Sendable {
    /// The brokers to ask first, as `host:port`.
    public var bootstrapServers: [String]
    /// The client's name in the broker's logs; default `kser`.
    public var clientID = "kser"
    /// TLS and SASL; default neither.
    public var security = Security.none

    /// Whether the broker drops the duplicates that retries make and keeps the order; default true. It needs
    /// ``acknowledgements`` of all.
    public var isIdempotent = true
    /// Whose word counts as delivered; default ``Acknowledgements/all``.
    public var acknowledgements = Acknowledgements.all
    /// How long a record waits for others to share its request with, while others are on their way; default 1 millisecond
    /// (librdkafka's `linger.ms`, there 5). A record that is alone goes at once.
    public var linger = Duration.milliseconds(1)
    /// How batches are compressed; default ``Compression/none``, which every peer reads.
    public var compression = Compression.none
    /// How many records may be on their way; further sends wait. Default 100,000.
    public var queueMaxMessages = 100_000
    /// How many bytes may be on their way; further sends wait. Default 64 MiB.
    public var queueMaxBytes = 64 << 20
    /// How long a send waits for room before it throws ``KafkaError/Code/queueFull``; default 30 seconds.
    public var queueTimeout = Duration.seconds(30)
    /// How long a record may take from there until the broker's acknowledgement, retries included; default 30 seconds.
    public var deliveryTimeout = Duration.seconds(30)
    /// The largest record, in bytes; default 1,000,000, as the broker's own `message.max.bytes` about is.
    public var messageMaxBytes = 1_000_000
    /// How the partition follows from the key; default ``Partitioner/murmur2Random``.
    public var partitioner = Partitioner.murmur2Random
    /// How long records without a key stay with one partition before another is drawn; default 0: one is drawn for each
    /// record, so that few tasks spread over all workers. Some milliseconds make larger batches.
    public var stickyPartitioning = Duration.zero
    /// How long a transaction of a ``TransactionalProducer`` may stay open before the brokers abort it; default 30
    /// seconds. Readers see nothing that came after it meanwhile, and the records of one may take no longer to be
    /// delivered.
    public var transactionTimeout = Duration.seconds(30)
    /// How long ``Producer/close()`` waits for records on their way; default 10 seconds.
    public var closeTimeout = Duration.seconds(10)
    /// Any further property of librdkafka; it wins over the settings above.
    public var additional: [String: String] = [:]
    /// The identity of a transactional producer; nil for others.
    var transactionalID: String?

    /// Settings for the brokers at these addresses.
    public init(bootstrapServers: [String]) { self.bootstrapServers = bootstrapServers }

    /// Settings for the brokers at these addresses, separated by commas.
    public init(bootstrapServers: String) { self.init(bootstrapServers: splitServers(bootstrapServers)) }

    /// Settings from the environment.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `KSER_BOOTSTRAP_SERVERS` | ``bootstrapServers``, separated by commas; required |
    /// | `KSER_CLIENT_ID` | ``clientID`` |
    /// | `KSER_SECURITY_PROTOCOL` | `plaintext` (default), `ssl`, `sasl_plaintext`, `sasl_ssl` |
    /// | `KSER_SASL_MECHANISM`, `KSER_SASL_USERNAME`, `KSER_SASL_PASSWORD` | ``Security/sasl``; mechanism default `PLAIN` |
    /// | `KSER_SSL_CA_LOCATION`, `KSER_SSL_CERTIFICATE_LOCATION`, `KSER_SSL_KEY_LOCATION`, `KSER_SSL_KEY_PASSWORD` | ``Security/tls`` |
    ///
    /// - Parameter environment: the variables; default the process's.
    /// - Returns: settings with all others at their defaults.
    /// - Throws: ``KafkaError`` that names the variable that is missing or wrong.
    public static func fromEnvironment(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> ProducerConfiguration {
        let variables = ClientEnvironment(environment)
        var configuration = ProducerConfiguration(bootstrapServers: try variables.bootstrapServers)
        configuration.security = try variables.security
        if let name = variables["KSER_CLIENT_ID"] { configuration.clientID = name }
        return configuration
    }
}

extension ProducerConfiguration {
    /// Whose word counts as delivered.
    public struct Acknowledgements: Sendable, Hashable {
        let value: String

        /// All replicas in sync have the record.
        public static let all = Self(value: "all")
        /// The partition's leader has the record; a crash of it may lose the record.
        public static let leader = Self(value: "1")
        /// Nobody's: the record was sent, its offset is unknown.
        public static let none = Self(value: "0")
    }

    /// How batches are compressed.
    public struct Compression: Sendable, Hashable {
        let value: String

        /// Not at all.
        public static let none = Self(value: "none")
        /// gzip: small, slow.
        public static let gzip = Self(value: "gzip")
        /// Snappy.
        public static let snappy = Self(value: "snappy")
        /// LZ4: fast; Python peers need a package for it.
        public static let lz4 = Self(value: "lz4")
        /// Zstandard; Python peers need a package for it.
        public static let zstd = Self(value: "zstd")
    }

    /// How the partition follows from the key.
    public struct Partitioner: Sendable, Hashable {
        let value: String

        /// As Java's and kafka-python's clients; records without a key are spread at random.
        public static let murmur2Random = Self(value: "murmur2_random")
        /// As confluent-kafka's clients; records without a key are spread at random.
        public static let consistentRandom = Self(value: "consistent_random")
        /// At random, whatever the key.
        public static let random = Self(value: "random")
    }
}

extension ProducerConfiguration: CustomStringConvertible, CustomReflectable {
    /// The settings, without secrets.
    public var description: String { redactedDescription }
    /// The settings, without secrets.
    public var customMirror: Mirror { redactedMirror }
}

extension ProducerConfiguration: ClientConfiguration {
    static let reserved: Set<String> = [
        "bootstrap.servers", "metadata.broker.list", "log.queue", "delivery.report.only.error", "queuing.strategy",
        "transactional.id",
    ]

    var ownProperties: [RDKafkaProperty] {
        let limit = transactionalID == nil ? deliveryTimeout : min(deliveryTimeout, transactionTimeout)
        let delivery = limit.wholeMilliseconds
        return [
            RDKafkaProperty("enable.idempotence", "\(isIdempotent)", setting: "isIdempotent"),
            RDKafkaProperty("acks", acknowledgements.value, setting: "acknowledgements"),
            RDKafkaProperty("linger.ms", "\(linger.wholeMilliseconds)", setting: "linger"),
            RDKafkaProperty("compression.type", compression.value, setting: "compression"),
            RDKafkaProperty("queue.buffering.max.messages", "\(queueMaxMessages)", setting: "queueMaxMessages"),
            RDKafkaProperty(
                "queue.buffering.max.kbytes",
                "\(Swift.max(1, queueMaxBytes / 1024))",
                setting: "queueMaxBytes"
            ),
            RDKafkaProperty("message.timeout.ms", "\(Swift.max(1, delivery))", setting: "deliveryTimeout"),
            RDKafkaProperty("message.max.bytes", "\(messageMaxBytes)", setting: "messageMaxBytes"),
            RDKafkaProperty("partitioner", partitioner.value, setting: "partitioner"),
            RDKafkaProperty(
                "sticky.partitioning.linger.ms",
                "\(stickyPartitioning.wholeMilliseconds)",
                setting: "stickyPartitioning"
            ),
            // An unknown topic is told as such before the record times out.
            RDKafkaProperty("topic.metadata.propagation.max.ms", "\(Swift.min(10_000, delivery / 2))"),
        ] + transactionProperties
    }

    /// The largest record, for who makes records of what may be large.
    var recordSizeLimit: RecordSizeLimit {
        let bytes = additional["message.max.bytes"].flatMap { Int($0) } ?? messageMaxBytes
        // What the broker adds to a record that it takes alone.
        return RecordSizeLimit(bytes: max(0, bytes - 100), setting: "ProducerConfiguration.messageMaxBytes")
    }

    private var transactionProperties: [RDKafkaProperty] {
        guard let transactionalID else { return [] }
        return [
            RDKafkaProperty("transactional.id", transactionalID, setting: "id"),
            RDKafkaProperty(
                "transaction.timeout.ms",
                "\(transactionTimeout.wholeMilliseconds)",
                setting: "transactionTimeout"
            ),
        ]
    }
}
