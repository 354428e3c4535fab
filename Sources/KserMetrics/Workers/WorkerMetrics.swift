public import Kser

/// Counts what controllers, workers and their consumers do.
///
///     let metrics = try WorkerMetrics()
///     let controller = Controller(monitor: metrics)
///     let server = try MetricsServer(metrics, address: "127.0.0.1", port: 8888)
///
/// `GlobalMonitor.register(metrics)` has it count what runs outside of controllers too, as Python's kser does.
///
/// It has the two metrics of Python's kser, those of OpenTelemetry's semantic conventions for messaging (1.44), and
/// `kser_…` for what an operator asks: lag, work in flight, waiting and running times, retries, dead letters, rebalances.
/// In OpenMetrics running times have the trace of a message as an exemplar, when its record names one that is sampled.
/// No label holds a uuid, a key or a payload.
public final class WorkerMetrics: Sendable {
    /// The metrics, and the place for your own.
    public let registry: MetricsRegistry

    let tasks: TaskMetrics
    let messages: MessageMetrics
    let outcomes: OutcomeMetrics
    let workers = RunningWorkers()
    private let entrypoints: SeriesCache<ScalarKey, EntrypointSeries>
    private let places: SeriesCache<Place, PlaceSeries>

    /// Makes the metrics.
    ///
    /// - Parameters:
    ///   - registry: where they are registered.
    ///   - hostname: the label `hostname` of kser's `kser_task_result`; nil means this machine's.
    /// - Throws: ``MetricsError/Code/duplicate`` when the registry has metrics of these names.
    public init(_ registry: MetricsRegistry = MetricsRegistry(), hostname: String? = nil) throws(MetricsError) {
        let tasks = try TaskMetrics(registry, hostname: hostname ?? machineName())
        let messages = try MessageMetrics(registry)
        self.registry = registry
        self.tasks = tasks
        self.messages = messages
        outcomes = try OutcomeMetrics(registry)
        entrypoints = SeriesCache { tasks.series(of: $0.text) }
        places = SeriesCache { [workers] in messages.series(of: $0, group: workers.group(of: $0.topic)) }
        try ProgressSource.register(with: registry, workers)
    }
}

extension WorkerMetrics: KserMonitor {
    /// Counts the delivery, and how long the record waited since it was sent.
    public func recordTaken(_ record: Record) {
        let series = places[Place(record)]
        series.consumed.increment()
        if let timestamp = record.timestamp {
            series.wait.observe(max(0, Timestamp.now() - Double(timestamp) / 1_000))
        }
    }

    /// Counts the message as in flight.
    public func messageBegan(_ execution: Execution, entrypoint: String?) {
        entrypoints[ScalarKey(entrypoint ?? "")].inFlight.increment()
    }

    /// Counts how long the message ran, and how it ended.
    public func messageEnded(
        _ execution: Execution,
        entrypoint: String?,
        _ dispatch: Dispatch,
        after duration: Duration
    ) {
        let series = entrypoints[ScalarKey(entrypoint ?? "")]
        let seconds = duration.inSeconds
        let isSuccess = dispatch.result.isSuccess
        series.inFlight.decrement()
        let traceID = execution.record?.traceID
        (isSuccess ? series.succeeded : series.failed).observe(seconds, traceID: traceID)
        guard let record = execution.record else { return }
        let place = places[Place(record)]
        let processed =
            isSuccess
            ? place.processed : messages.processed(record.topic, place.group, error: dispatch.result.errorType)
        processed.observe(seconds, traceID: traceID)
    }

    /// Counts records that are sealed and cannot be opened.
    public func messageRefused(_ record: Record?, _ error: any Error) {
        guard let cause = (error as? KserError)?.cause as? any OpeningFailure else { return }
        outcomes.decryptFailures.series([record?.topic ?? "", cause.openingFailure]).increment()
    }

    /// Counts the retry.
    public func messageRetried(_ record: Record, _ dispatch: Dispatch, tier: String) {
        outcomes.retries.series([entrypoint(of: dispatch), tier]).increment()
    }

    /// Counts the dead letter.
    public func messageGivenUp(_ record: Record, _ dispatch: Dispatch, reason: DeadLetterReason) {
        outcomes.deadLetters.series([entrypoint(of: dispatch), reason.rawValue]).increment()
    }

    /// Counts the refusal.
    public func outcomeRefused(_ record: Record, _ dispatch: Dispatch, _ error: any Error) {
        outcomes.refused.series([entrypoint(of: dispatch)]).increment()
    }

    /// Counts kser's `kser_task_count`.
    public func taskBegan(_ execution: Execution) { tasks.count.increment() }

    /// Counts kser's `kser_task_result`.
    public func taskEnded(_ execution: Execution, _ status: TaskStatus) {
        entrypoints[ScalarKey(execution.path)].result(status).increment()
    }

    /// Counts the handler that does not end.
    public func taskOverran(_ execution: Execution, limit: Duration) {
        outcomes.overruns.series([execution.path]).increment()
    }

    /// Counts the state that an operation comes to.
    public func operationChanged(_ execution: Execution, to status: TaskStatus) {
        outcomes.operations.series([execution.path, status.rawValue]).increment()
    }

    /// Counts the operations.
    public func operationsRecovered(_ count: Int) { outcomes.recovered.increment(by: count) }

    /// Shows the worker's partitions from now on.
    public func workerBegan(_ worker: Worker) { workers.add(worker) }

    /// Shows the worker's partitions no more.
    public func workerEnded(_ worker: Worker) { workers.remove(worker) }

    /// Shows the partition from now on.
    public func partitionBegan(_ partition: PartitionStream, of worker: Worker) { workers.add(partition, of: worker) }

    /// Shows the partition no more.
    public func partitionEnded(_ partition: PartitionStream, of worker: Worker) { workers.remove(partition) }

    /// Counts the rebalance.
    public func assignmentChanged(_ change: AssignmentChange, partitions: Int) {
        outcomes.rebalances.series([change.rawValue]).increment()
    }

    /// Counts the commit.
    public func commitEnded(after duration: Duration, _ error: (any Error)?) {
        messages.settled(error).observe(duration)
        if error != nil { outcomes.commitFailures.increment() }
    }

    /// The name that a message carries, unless it was registered under none: such names are anybody's.
    private func entrypoint(of dispatch: Dispatch) -> String {
        dispatch.refusal == nil ? dispatch.message?.entrypoint ?? "" : ""
    }
}
