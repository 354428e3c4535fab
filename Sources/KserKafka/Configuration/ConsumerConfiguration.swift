public import Foundation

/// The settings of a ``Consumer``.
///
///     var configuration = ConsumerConfiguration(bootstrapServers: "kafka:9092", groupID: "mailers")
///     configuration.sessionTimeout = .seconds(30)
public struct ConsumerConfiguration: Sendable {
    /// The brokers to ask first, as `host:port`.
    public var bootstrapServers: [String]
    /// The group: its consumers share the partitions, and its offsets are committed in its name.
    public var groupID: String
    /// The client's name in the broker's logs; default `kser`.
    public var clientID = "kser"
    /// TLS and SASL; default neither.
    public var security = Security.none

    /// Where a group without a committed offset begins; default ``AutoOffsetReset/earliest``, so that tasks sent before
    /// the first worker ran are not lost. kser and librdkafka begin at the latest record.
    public var autoOffsetReset = AutoOffsetReset.earliest
    /// Which records of transactions are read; default ``Isolation/readCommitted``, as librdkafka's.
    public var isolation = Isolation.readCommitted
    /// How partitions are shared out, best first; default range and round robin, as Python kser's clients do, so that
    /// they can share the group. Cooperative-sticky moves fewer partitions, but all members must have it, and the two
    /// kinds cannot be mixed.
    public var assignmentStrategy: [AssignmentStrategy] = [.range, .roundRobin]
    /// A name that is this consumer's own and outlives it: a restart within the session timeout then moves no partition.
    public var groupInstanceID: String?
    /// How long the group waits for a sign of life before it gives the partitions to others; nil, the default, is 45
    /// seconds, or 4 with an ``EmbeddedBroker`` of this process, where rebalances take nearly as long.
    public var sessionTimeout: Duration?
    /// How often a sign of life is sent; nil, the default, is 3 seconds, or 500 milliseconds with an ``EmbeddedBroker``
    /// of this process.
    public var heartbeatInterval: Duration?
    /// How long the poll thread may be stuck before the group gives the partitions to others; default 5 minutes. Slow
    /// handlers do not count: the thread polls whatever they do.
    public var maxPollInterval = Duration.seconds(300)

    /// How long a broker holds the answer to a fetch back when there is nothing new in the partitions asked for; default
    /// 75 milliseconds (librdkafka's `fetch.wait.max.ms`, there 500). A broker has one fetch at a time on its way, and a
    /// partition that had enough when it was sent gets nothing until it is answered: what a partition has in store must
    /// last that long. Shorter lets fast handlers starve less, longer costs an idle consumer less processor time. News
    /// is answered at once either way, but by an ``EmbeddedBroker``, which sees the time through.
    public var fetchMaxWait = Duration.milliseconds(75)
    /// How many bytes a broker waits for before it answers a fetch; default 1 (librdkafka's `fetch.min.bytes`).
    public var fetchMinBytes = 1
    /// The most bytes in the answer to one fetch, all partitions together; default 8 MiB (librdkafka's `fetch.max.bytes`,
    /// there 50 MiB). A larger batch of records still comes through. Each broker may have one answer on its way.
    public var fetchMaxBytes = 8 << 20
    /// The most bytes of a partition in one fetch; default 256 KiB (librdkafka's `fetch.message.max.bytes`, there 1 MiB). A
    /// larger record still comes through. More makes one partition faster where brokers are far away, at that much
    /// memory for each partition with a backlog.
    public var fetchMaxBytesPerPartition = 256 << 10
    /// The most bytes of a record's key, value and headers together, each header counted as 64 more; default 8 MiB. Of a larger one the value stays behind,
    /// and whatever else is too large: a worker makes it a dead letter that says where the record stands. A few hundred
    /// kilobytes on the wire may be hundreds of megabytes once they are unpacked, which librdkafka has done by then.
    public var maxRecordBytes = 8 << 20
    /// How many records of a partition librdkafka keeps ready; default 100,000 (its `queued.min.messages`), so that
    /// ``queuedMaxBytes`` is what limits.
    public var queuedMinMessages = 100_000
    /// How many bytes of a partition librdkafka keeps ready while nobody takes them; default 1 MiB (its
    /// `queued.max.messages.kbytes`, there 64 MiB). Less than two fetches makes a partition pause between fetches.
    public var queuedMaxBytes = 1 << 20

    /// When a partition has this many records waiting with the application, no more are handed over; default 32,000 records
    /// or 8 MiB.
    public var highWater = Water(messages: 32_000, bytes: 8 << 20)
    /// When a partition is down to this, more are handed over again; default 24,000 records or 6 MiB.
    public var lowWater = Water(messages: 24_000, bytes: 6 << 20)
    /// What all partitions together keep ready, however many they are; default 64,000 records or 32 MiB. One half is for
    /// records that wait with the application: once it is used up, no partition gets more than an equal share. The other
    /// is for what librdkafka keeps of partitions whose records nobody takes: beyond it, they are paused, and what
    /// librdkafka had of them is fetched again. Memory is about two to three times as much with records of 250 bytes,
    /// and the same with large ones.
    public var budget = Water(messages: 64_000, bytes: 32 << 20)

    /// How often offsets of finished records are committed; default 1 second.
    public var commitInterval = Duration.seconds(1)
    /// How long the first assignment may take before the sequences end with an error; default 30 seconds.
    public var connectTimeout = Duration.seconds(30)
    /// How long a revocation or ``Consumer/close()`` waits for records that are being handled; default 10 seconds. The
    /// answer to the last commit, and that to leaving the group, are waited for as long, at most 5 seconds.
    public var drainTimeout = Duration.seconds(10)
    /// Any further property of librdkafka; it wins over the settings above.
    public var additional: [String: String] = [:]

    /// Settings for a group on the brokers at these addresses.
    public init(bootstrapServers: [String], groupID: String) {
        self.bootstrapServers = bootstrapServers
        self.groupID = groupID
    }

    /// Settings for a group on the brokers at these addresses, separated by commas.
    public init(bootstrapServers: String, groupID: String) {
        self.init(bootstrapServers: splitServers(bootstrapServers), groupID: groupID)
    }

    /// Settings from the environment.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `KSER_BOOTSTRAP_SERVERS` | ``bootstrapServers``, separated by commas; required |
    /// | `KSER_GROUP_ID` | ``groupID``; required |
    /// | `KSER_GROUP_INSTANCE_ID` | ``groupInstanceID`` |
    /// | `KSER_CLIENT_ID` | ``clientID`` |
    /// | `KSER_AUTO_OFFSET_RESET` | ``autoOffsetReset``: `earliest` or `latest` |
    /// | `KSER_SECURITY_PROTOCOL`, `KSER_SASL_…`, `KSER_SSL_…` | as ``ProducerConfiguration/fromEnvironment(_:)`` |
    ///
    /// - Parameter environment: the variables; default the process's.
    /// - Returns: settings with all others at their defaults.
    /// - Throws: ``KafkaError`` that names the variable that is missing or wrong.
    public static func fromEnvironment(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> ConsumerConfiguration {
        let variables = ClientEnvironment(environment)
        var configuration = ConsumerConfiguration(
            bootstrapServers: try variables.bootstrapServers,
            groupID: try variables.required("KSER_GROUP_ID", "the consumer group")
        )
        configuration.security = try variables.security
        configuration.groupInstanceID = variables["KSER_GROUP_INSTANCE_ID"]
        if let name = variables["KSER_CLIENT_ID"] { configuration.clientID = name }
        if let reset = variables["KSER_AUTO_OFFSET_RESET"] {
            guard ["earliest", "latest"].contains(reset) else {
                throw KafkaError(
                    .configuration,
                    "environment variable KSER_AUTO_OFFSET_RESET is \"\(reset)\": it must be earliest or latest"
                )
            }
            configuration.autoOffsetReset = AutoOffsetReset(value: reset)
        }
        return configuration
    }
}

extension ConsumerConfiguration {
    /// Where a group without a committed offset begins.
    public struct AutoOffsetReset: Sendable, Hashable {
        let value: String

        /// At the oldest record that the broker keeps.
        public static let earliest = Self(value: "earliest")
        /// At the next record to come.
        public static let latest = Self(value: "latest")
        /// Nowhere: the sequences end with an error.
        public static let error = Self(value: "error")
    }

    /// Which records of transactions are read. Records that are in no transaction always are.
    public struct Isolation: Sendable, Hashable {
        let value: String

        /// Those of committed transactions, and nothing beyond the first one that is still open.
        public static let readCommitted = Self(value: "read_committed")
        /// All, those of aborted transactions too.
        public static let readUncommitted = Self(value: "read_uncommitted")
    }

    /// How partitions are shared out.
    public struct AssignmentStrategy: Sendable, Hashable {
        let value: String

        /// Neighbouring partitions of each topic to one consumer.
        public static let range = Self(value: "range")
        /// All partitions in turn.
        public static let roundRobin = Self(value: "roundrobin")
        /// As even as possible with as few moves as possible, while the others go on.
        public static let cooperativeSticky = Self(value: "cooperative-sticky")
    }

    /// An amount of records of one partition.
    public struct Water: Sendable, Hashable {
        /// How many records.
        public var messages: Int
        /// How many bytes in keys, values and headers.
        public var bytes: Int

        /// Makes an amount.
        public init(messages: Int, bytes: Int) {
            self.messages = messages
            self.bytes = bytes
        }
    }
}

extension ConsumerConfiguration: CustomStringConvertible, CustomReflectable {
    /// The settings, without secrets.
    public var description: String { redactedDescription }
    /// The settings, without secrets.
    public var customMirror: Mirror { redactedMirror }
}

extension ConsumerConfiguration {
    /// How long a broker's answer is waited for where nothing better can be done: the last commit, the farewell.
    var answerTimeout: Duration { max(.seconds(1), min(drainTimeout, .seconds(5))) }
}

extension ConsumerConfiguration: ClientConfiguration {
    var readsUncommitted: Bool {
        (additional["isolation.level"] ?? isolation.value) == Isolation.readUncommitted.value
    }

    static let reserved: Set<String> = [
        "bootstrap.servers", "metadata.broker.list", "log.queue", "group.id", "enable.auto.commit",
        "enable.auto.offset.store", "auto.commit.interval.ms", "enable.partition.eof", "offset.store.method",
    ]

    var ownProperties: [RDKafkaProperty] {
        let isEmbedded = EmbeddedBroker.isOne(of: bootstrapServers)
        let session = sessionTimeout ?? (isEmbedded ? .seconds(4) : .seconds(45))
        let heartbeat = heartbeatInterval ?? min(isEmbedded ? .milliseconds(500) : .seconds(3), session / 3)
        var list = [
            RDKafkaProperty("group.id", groupID, setting: "groupID"),
            RDKafkaProperty("enable.auto.commit", "false"),
            RDKafkaProperty("enable.auto.offset.store", "false"),
            // Ends are told, for which no offset of a record need stand: transactions have markers there.
            RDKafkaProperty("enable.partition.eof", "true"),
            RDKafkaProperty("auto.offset.reset", autoOffsetReset.value, setting: "autoOffsetReset"),
            RDKafkaProperty("isolation.level", isolation.value, setting: "isolation"),
            RDKafkaProperty(
                "partition.assignment.strategy",
                assignmentStrategy.map(\.value).joined(separator: ","),
                setting: "assignmentStrategy"
            ),
            RDKafkaProperty("session.timeout.ms", "\(session.wholeMilliseconds)", setting: "sessionTimeout"),
            RDKafkaProperty(
                "heartbeat.interval.ms",
                "\(heartbeat.wholeMilliseconds)",
                setting: "heartbeatInterval"
            ),
            RDKafkaProperty("max.poll.interval.ms", "\(maxPollInterval.wholeMilliseconds)", setting: "maxPollInterval"),
            RDKafkaProperty("fetch.wait.max.ms", "\(fetchMaxWait.wholeMilliseconds)", setting: "fetchMaxWait"),
            RDKafkaProperty("fetch.min.bytes", "\(fetchMinBytes)", setting: "fetchMinBytes"),
            RDKafkaProperty(
                "fetch.max.bytes",
                "\(Swift.max(fetchMaxBytes, fetchMaxBytesPerPartition))",
                setting: "fetchMaxBytes"
            ),
            RDKafkaProperty(
                "fetch.message.max.bytes",
                "\(fetchMaxBytesPerPartition)",
                setting: "fetchMaxBytesPerPartition"
            ),
            RDKafkaProperty("queued.min.messages", "\(queuedMinMessages)", setting: "queuedMinMessages"),
            RDKafkaProperty(
                "queued.max.messages.kbytes",
                "\(Swift.max(1, queuedMaxBytes / 1024))",
                setting: "queuedMaxBytes"
            ),
        ]
        if let groupInstanceID {
            list.append(RDKafkaProperty("group.instance.id", groupInstanceID, setting: "groupInstanceID"))
        }
        return list
    }
}
