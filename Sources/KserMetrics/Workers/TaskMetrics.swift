import Foundation
import Kser
import Synchronization

/// What there is by entrypoint: the metrics of Python's kser, and how long and how many run.
struct TaskMetrics: Sendable {
    let count: Gauge
    private let results: MetricFamily<Counter>
    private let inFlight: MetricFamily<Gauge>
    private let durations: MetricFamily<Histogram>
    private let hostname: String

    init(_ registry: MetricsRegistry, hostname: String) throws(MetricsError) {
        self.hostname = hostname
        count = try registry.gauge("kser_task_count", help: "KSER tasks launched")
        let result = try FamilyDescription(
            .counter,
            "kser_task_result",
            help: "KSER task status",
            labels: ["hostname", "name", "status"],
            tellsCreation: true
        )
        results = try registry.makeFamily(result) { Counter($0) }
        inFlight = try registry.gauge(
            "kser_tasks_in_flight",
            help: "Messages that are being run",
            labels: ["entrypoint"]
        )
        durations = try registry.histogram(
            "kser_task_duration_seconds",
            help: "How long one try of a message took, hooks and middleware included",
            labels: ["entrypoint", "outcome"]
        )
    }

    func series(of path: String) -> EntrypointSeries {
        EntrypointSeries(
            inFlight: inFlight.series([path]),
            succeeded: durations.series([path, "success"]),
            failed: durations.series([path, "failure"]),
            makeResult: { [results, hostname] in results.series([hostname, path, $0.rawValue]) }
        )
    }
}

/// What is counted for one entrypoint.
final class EntrypointSeries: Sendable {
    let inFlight: Gauge
    let succeeded: Histogram
    let failed: Histogram
    private let makeResult: @Sendable (TaskStatus) -> Counter
    /// Made when needed: Python's kser shows none before.
    private let results = Mutex((success: Counter?.none, failure: Counter?.none))

    init(
        inFlight: Gauge,
        succeeded: Histogram,
        failed: Histogram,
        makeResult: @escaping @Sendable (TaskStatus) -> Counter
    ) {
        self.inFlight = inFlight
        self.succeeded = succeeded
        self.failed = failed
        self.makeResult = makeResult
    }

    func result(_ status: TaskStatus) -> Counter {
        results.withLock { results in
            let known = status == .success ? results.success : results.failure
            if let known { return known }
            let made = makeResult(status)
            if status == .success { results.success = made } else { results.failure = made }
            return made
        }
    }
}

/// The name of this machine, as Python's `socket.gethostname` has it.
func machineName() -> String {
    var bytes = [CChar](repeating: 0, count: 256)
    guard gethostname(&bytes, bytes.count - 1) == 0 else { return ProcessInfo.processInfo.hostName }
    return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
