#if SwiftMetrics
public import Metrics
import Foundation
import Synchronization

/// Reports what controllers, workers and their consumers do to swift-metrics; with the trait `SwiftMetrics`.
///
///     let monitor = SwiftMetricsMonitor()
///     let controller = Controller(monitor: monitor)
///     async let reporting: Void = monitor.run()       // the gauges of partitions, every 10 seconds
///
/// The names and labels are those of `KserMetrics`, as Prometheus shows them, so dashboards and alerts hold for both.
/// No label holds a uuid, a key or a payload.
public final class SwiftMetricsMonitor: Sendable {
    let instruments: Instruments
    private let hostname: String
    private let partitions = Mutex<[(partition: PartitionStream, group: String)]>([])
    private let groups = Mutex<[String: String]>([:])

    /// Makes a monitor.
    ///
    /// - Parameters:
    ///   - factory: makes the instruments; nil, the default, is the one that `MetricsSystem` was set up with.
    ///   - hostname: the label `hostname` of kser's `kser_task_result_total`; nil means this machine's.
    public init(factory: (any MetricsFactory)? = nil, hostname: String? = nil) {
        instruments = Instruments(factory ?? MetricsSystem.factory)
        self.hostname = hostname ?? ProcessInfo.processInfo.hostName
    }

    /// Reports the gauges of partitions again and again, until the task is cancelled.
    public func run(every interval: Duration = .seconds(10)) async {
        while !Task.isCancelled {
            reportPartitions()
            try? await Task.sleep(for: interval)
        }
    }

    /// Reports lag, ages, offsets and buffers of the partitions that workers have now.
    public func reportPartitions() {
        for (partition, group) in partitions.withLock({ $0 }) where !partition.isEnded {
            let status = partition.statistics
            let place = [("topic", status.topic), ("partition", "\(status.partition)"), ("group", group)]
            if let lag = status.lag { instruments.gauge("kser_consumer_lag", place).record(lag) }
            if let committed = status.committed { instruments.gauge("kser_committed_offset", place).record(committed) }
            let oldest = (status.oldestAge ?? .zero) / .seconds(1)
            instruments.gauge("kser_oldest_in_flight_seconds", place).record(oldest)
            instruments.gauge("kser_incomplete_offsets", place).record(status.incomplete)
            instruments.gauge("kser_buffered_records", place).record(status.buffered)
        }
    }

    private func group(of topic: String) -> String { groups.withLock { $0[topic] } ?? "" }
}

extension SwiftMetricsMonitor: KserMonitor {
    /// Counts the delivery, and how long the record waited since it was sent.
    public func recordTaken(_ record: Record) {
        let labels =
            messaging("poll", record.topic) + [
                ("messaging_destination_partition_id", "\(record.partition)"),
                ("messaging_consumer_group_name", group(of: record.topic)),
            ]
        instruments.counter("messaging_client_consumed_messages_total", labels).increment()
        guard let timestamp = record.timestamp else { return }
        let waited = max(0, WorkerClock.system.now().subtractingSaturating(timestamp))
        instruments.timer("kser_task_wait_seconds", [("topic", record.topic)]).recordMilliseconds(waited)
    }

    /// Counts the message as in flight.
    public func messageBegan(_ execution: Execution, entrypoint: String?) {
        instruments.meter("kser_tasks_in_flight", [("entrypoint", entrypoint ?? "")]).increment()
    }

    /// Counts how long the message ran, and how it ended.
    public func messageEnded(
        _ execution: Execution,
        entrypoint: String?,
        _ dispatch: Dispatch,
        after duration: Duration
    ) {
        let isSuccess = dispatch.result.isSuccess
        let entrypoint = entrypoint ?? ""
        instruments.meter("kser_tasks_in_flight", [("entrypoint", entrypoint)]).decrement()
        let labels = [("entrypoint", entrypoint), ("outcome", isSuccess ? "success" : "failure")]
        instruments.timer("kser_task_duration_seconds", labels).record(duration: duration)
        guard let topic = execution.record?.topic else { return }
        let place =
            messaging("process", topic) + [
                ("messaging_consumer_group_name", group(of: topic)),
                ("error_type", isSuccess ? "" : dispatch.result.errorType),
            ]
        instruments.timer("messaging_process_duration_seconds", place).record(duration: duration)
    }

    /// Counts records that are sealed and cannot be opened.
    public func messageRefused(_ record: Record?, _ error: any Error) {
        guard let cause = (error as? KserError)?.cause as? any OpeningFailure else { return }
        let labels = [("topic", record?.topic ?? ""), ("reason", cause.openingFailure)]
        instruments.counter("kser_decrypt_failures_total", labels).increment()
    }

    /// Counts the retry.
    public func messageRetried(_ record: Record, _ dispatch: Dispatch, tier: String) {
        let labels = [("entrypoint", Self.entrypoint(of: dispatch)), ("tier", tier)]
        instruments.counter("kser_task_retries_total", labels).increment()
    }

    /// Counts the dead letter.
    public func messageGivenUp(_ record: Record, _ dispatch: Dispatch, reason: DeadLetterReason) {
        let labels = [("entrypoint", Self.entrypoint(of: dispatch)), ("reason", reason.rawValue)]
        instruments.counter("kser_dead_letters_total", labels).increment()
    }

    /// Counts the refusal.
    public func outcomeRefused(_ record: Record, _ dispatch: Dispatch, _ error: any Error) {
        let labels = [("entrypoint", Self.entrypoint(of: dispatch))]
        instruments.counter("kser_outcomes_refused_total", labels).increment()
    }

    /// Counts kser's `kser_task_count`.
    public func taskBegan(_ execution: Execution) { instruments.meter("kser_task_count").increment() }

    /// Counts kser's `kser_task_result`.
    public func taskEnded(_ execution: Execution, _ status: TaskStatus) {
        let labels = [("hostname", hostname), ("name", execution.path), ("status", status.rawValue)]
        instruments.counter("kser_task_result_total", labels).increment()
    }

    /// Counts the handler that does not end.
    public func taskOverran(_ execution: Execution, limit: Duration) {
        instruments.counter("kser_task_overruns_total", [("entrypoint", execution.path)]).increment()
    }

    /// Counts the operations.
    public func operationsRecovered(_ count: Int) {
        instruments.counter("kser_operations_recovered_total", []).increment(by: count)
    }

    /// Counts the state that an operation comes to.
    public func operationChanged(_ execution: Execution, to status: TaskStatus) {
        let labels = [("operation", execution.path), ("status", status.rawValue)]
        instruments.counter("kser_operations_total", labels).increment()
    }

    /// Notes the worker's group.
    public func workerBegan(_ worker: Worker) {
        let group = worker.groupID ?? ""
        groups.withLock { groups in
            for topic in worker.subscribedTopics ?? [] { groups[topic] = group }
        }
    }

    /// Counts the partition as assigned, and reports its gauges from now on.
    public func partitionBegan(_ partition: PartitionStream, of worker: Worker) {
        let group = worker.groupID ?? ""
        partitions.withLock { $0.append((partition, group)) }
        instruments.meter("kser_partitions_assigned", [("group", group)]).increment()
    }

    /// Counts the partition as assigned no more.
    public func partitionEnded(_ partition: PartitionStream, of worker: Worker) {
        partitions.withLock { $0.removeAll { $0.partition === partition } }
        instruments.meter("kser_partitions_assigned", [("group", worker.groupID ?? "")]).decrement()
    }

    /// Counts the rebalance.
    public func assignmentChanged(_ change: AssignmentChange, partitions: Int) {
        instruments.counter("kser_rebalances_total", [("kind", change.rawValue)]).increment()
    }

    /// Counts the commit.
    public func commitEnded(after duration: Duration, _ error: (any Error)?) {
        let labels =
            messaging("commit", "") + [
                ("messaging_operation_type", "settle"), ("error_type", error.map { "\(type(of: $0))" } ?? ""),
            ]
        instruments.timer("messaging_client_operation_duration_seconds", labels).record(duration: duration)
        if error != nil { instruments.counter("kser_commit_failures_total").increment() }
    }

    private func messaging(_ operation: String, _ topic: String) -> Instruments.Dimensions {
        [
            ("messaging_system", "kafka"), ("messaging_operation_name", operation),
            ("messaging_destination_name", topic),
        ]
    }

    /// The name that a message carries, unless it was registered under none: such names are anybody's.
    private static func entrypoint(of dispatch: Dispatch) -> String {
        dispatch.refusal == nil ? dispatch.message?.entrypoint ?? "" : ""
    }
}
#endif
