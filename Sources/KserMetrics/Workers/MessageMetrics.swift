import Kser

/// OpenTelemetry's metrics of messaging, in the names that its exporters give them for Prometheus.
struct MessageMetrics: Sendable {
    private static let system = "kafka"

    private let consumed: MetricFamily<Counter>
    private let sent: MetricFamily<Counter>
    private let process: MetricFamily<Histogram>
    private let client: MetricFamily<Histogram>
    private let wait: MetricFamily<Histogram>

    init(_ registry: MetricsRegistry) throws(MetricsError) {
        consumed = try registry.counter(
            "messaging_client_consumed_messages",
            help: "Messages that were delivered to a worker",
            labels: [
                "messaging_system", "messaging_operation_name", "messaging_destination_name",
                "messaging_destination_partition_id", "messaging_consumer_group_name",
            ]
        )
        sent = try registry.counter(
            "messaging_client_sent_messages",
            help: "Messages that a producer was given to send",
            labels: ["messaging_system", "messaging_operation_name", "messaging_destination_name", "error_type"]
        )
        process = try registry.histogram(
            "messaging_process_duration_seconds",
            help: "How long one try of a message took",
            labels: [
                "messaging_system", "messaging_operation_name", "messaging_destination_name",
                "messaging_consumer_group_name", "error_type",
            ]
        )
        client = try registry.histogram(
            "messaging_client_operation_duration_seconds",
            help: "How long sending a message or committing offsets took",
            labels: [
                "messaging_system", "messaging_operation_name", "messaging_operation_type",
                "messaging_destination_name", "error_type",
            ]
        )
        wait = try registry.histogram(
            "kser_task_wait_seconds",
            help: "How long messages waited between being sent and being taken by a worker",
            labels: ["topic"],
            bounds: [0.005, 0.025, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400]
        )
    }

    func series(of place: Place, group: String) -> PlaceSeries {
        PlaceSeries(
            group: group,
            consumed: consumed.series([Self.system, "poll", place.topic, "\(place.partition)", group]),
            wait: wait.series([place.topic]),
            processed: processed(place.topic, group, error: "")
        )
    }

    func processed(_ topic: String, _ group: String, error: String) -> Histogram {
        process.series([Self.system, "process", topic, group, error])
    }

    func settled(_ error: (any Error)?) -> Histogram {
        client.series([Self.system, "commit", "settle", "", Self.type(of: error)])
    }

    /// Counts a message that was given to a producer.
    func sent(to topic: String, after duration: Duration, _ error: (any Error)?) {
        let type = Self.type(of: error)
        sent.series([Self.system, "send", topic, type]).increment()
        client.series([Self.system, "send", "send", topic, type]).observe(duration)
    }

    private static func type(of error: (any Error)?) -> String { error.map { "\(Swift.type(of: $0))" } ?? "" }
}

/// A partition of a topic.
struct Place: Hashable, Sendable {
    let topic: String
    let partition: Int32
}

extension Place {
    /// Where a record is.
    init(_ record: Record) { self.init(topic: record.topic, partition: record.partition) }
}

/// What is counted for one partition.
final class PlaceSeries: Sendable {
    let group: String
    let consumed: Counter
    let wait: Histogram
    let processed: Histogram

    init(group: String, consumed: Counter, wait: Histogram, processed: Histogram) {
        self.group = group
        self.consumed = consumed
        self.wait = wait
        self.processed = processed
    }
}
