import Kser

/// What is read of the partitions whenever the metrics are.
private struct Gauges: Sendable {
    let lag: FamilyDescription
    let oldest: FamilyDescription
    let incomplete: FamilyDescription
    let buffered: FamilyDescription
    let committed: FamilyDescription
    let assigned: FamilyDescription
    let paused: FamilyDescription

    init() throws(MetricsError) {
        func gauge(_ name: String, _ help: String, _ labels: [String]) throws(MetricsError) -> FamilyDescription {
            try FamilyDescription(.gauge, name, help: help, labels: labels)
        }
        let place = ["topic", "partition", "group"]
        lag = try gauge("kser_consumer_lag", "Offsets of assigned partitions that are not done", place)
        oldest = try gauge(
            "kser_oldest_in_flight_seconds",
            "How long ago the oldest record that is not done was handed out",
            place
        )
        incomplete = try gauge(
            "kser_incomplete_offsets",
            "Offsets from the lowest one that is not done to the last one handed out",
            place
        )
        buffered = try gauge("kser_buffered_records", "Records that were read and wait", place)
        committed = try gauge("kser_committed_offset", "The offset committed last", place)
        assigned = try gauge("kser_partitions_assigned", "Partitions that workers have", ["group"])
        paused = try gauge(
            "kser_partitions_paused",
            "Partitions that are paused, or not read until there is room",
            ["group"]
        )
    }

    var all: [FamilyDescription] { [lag, oldest, incomplete, buffered, committed, assigned, paused] }
}

/// Reads the partitions that workers work on.
struct ProgressSource: MetricSource {
    private let workers: RunningWorkers
    private let gauges: Gauges

    /// Registers the metrics of the partitions.
    static func register(
        with registry: MetricsRegistry,
        _ workers: RunningWorkers
    ) throws(MetricsError) {
        let source = ProgressSource(workers: workers, gauges: try Gauges())
        try registry.add(source, source.gauges.all)
    }

    private struct Row {
        let progress: PartitionStatistics
        let group: ScalarKey
    }

    func write(to writer: inout ExpositionWriter) {
        let rows = workers.assignments.map { assignment in
            let progress = assignment.partition.statistics
            return Row(progress: progress, group: ScalarKey(assignment.worker.groupID ?? ""))
        }
        write(gauges.lag, rows, &writer) { $0.progress.lag.map(Double.init) }
        write(gauges.oldest, rows, &writer) { ($0.progress.oldestAge ?? .zero).inSeconds }
        write(gauges.incomplete, rows, &writer) { Double($0.progress.incomplete) }
        write(gauges.buffered, rows, &writer) { Double($0.progress.buffered) }
        write(gauges.committed, rows, &writer) { $0.progress.committed.map(Double.init) }
        var assigned = Dictionary(workers.all.map { (ScalarKey($0.groupID ?? ""), 0) }) { first, _ in first }
        var paused = assigned
        for row in rows {
            assigned[row.group, default: 0] += 1
            if row.progress.isPaused || row.progress.isFull { paused[row.group, default: 0] += 1 }
        }
        write(gauges.assigned, assigned, &writer)
        write(gauges.paused, paused, &writer)
    }

    private func write(
        _ gauge: FamilyDescription,
        _ rows: [Row],
        _ writer: inout ExpositionWriter,
        value: (Row) -> Double?
    ) {
        writer.begin(gauge)
        for row in rows {
            guard let value = value(row) else { continue }
            let labels = [row.progress.topic, "\(row.progress.partition)", row.group.text]
            writer.sample(Array(gauge.name.utf8), LabelText(gauge.labels, labels), value)
        }
    }

    private func write(_ gauge: FamilyDescription, _ counts: [ScalarKey: Int], _ writer: inout ExpositionWriter) {
        writer.begin(gauge)
        for (group, count) in counts.sorted(by: { $0.key.text < $1.key.text }) {
            writer.sample(Array(gauge.name.utf8), LabelText(gauge.labels, [group.text]), Double(count))
        }
    }
}
