import Kser
import Synchronization

extension WorkerMetrics {
    /// For `/livez`: fails when a partition that is assigned and has lag has not moved its commit position for this long.
    ///
    /// It measures from one question to the next, so it has to be asked more often than that. A partition whose next
    /// record waits in a retry topic until its time has come does not count, nor those of a worker that is paused.
    ///
    /// - Parameter limit: choose more than a handler may take, its retries in place included; 5 minutes by default.
    /// - Returns: the check, named `progress`.
    public func progressCheck(within limit: Duration = .seconds(300)) -> HealthCheck {
        let watch = StallWatch(limit: limit)
        return HealthCheck("progress") { [workers] in
            let stalled = watch.stalled(workers.assignments, now: .now)
            if !stalled.isEmpty {
                throw HealthFailure("no progress for \(limit) in \(stalled.joined(separator: ", "))")
            }
        }
    }

    /// For `/readyz`: fails while a worker has no partition, or none runs.
    ///
    /// A group with more workers than partitions leaves some without; give those no such check.
    public func assignmentCheck() -> HealthCheck {
        HealthCheck("assignment") { [workers] in
            if workers.all.isEmpty { throw HealthFailure("no worker runs") }
            let assigned = workers.assignments.map { ObjectIdentifier($0.worker) }
            if !workers.all.allSatisfy({ assigned.contains(ObjectIdentifier($0)) }) {
                throw HealthFailure("a worker has no partition yet")
            }
        }
    }
}

extension WorkerMetrics {
    /// For `/readyz`: fails while the store of a worker's operations does not answer, or does not have the operations whose
    /// tasks the worker is sent. Workers without one pass.
    public func storeCheck() -> HealthCheck {
        HealthCheck("store") { [workers] in
            if workers.all.contains(where: \.hasStrangers) {
                throw HealthFailure("tasks wait whose operations are in another store than the worker's")
            }
            for store in workers.all.compactMap(\.operationStore) {
                do {
                    // No operation has this uuid: it asks the least that a store can be asked.
                    _ = try await store.head("")
                } catch let error as StoreError {
                    throw HealthFailure("the store of operations does not answer: \(error.code)")
                }
            }
        }
    }
}

/// Notes how far partitions were, and since when.
final class StallWatch: Sendable {
    private struct Mark {
        let stream: PartitionStream
        var position: Int64?
        var since: ContinuousClock.Instant
    }

    private let limit: Duration
    private let marks = Mutex<[ObjectIdentifier: Mark]>([:])

    init(limit: Duration) { self.limit = limit }

    /// The partitions that have not moved for as long as the limit.
    func stalled(_ assignments: [RunningWorkers.Assignment], now: ContinuousClock.Instant) -> [String] {
        let readings = assignments.map { (assignment: $0, progress: $0.partition.statistics) }
        return marks.withLock { marks in
            let before = marks
            marks = [:]
            return readings.compactMap { reading in
                let stream = reading.assignment.partition
                let progress = reading.progress
                let id = ObjectIdentifier(stream)
                let rests =
                    stream.isHeld || stream.isPaused || reading.assignment.worker.isHeldBack || !progress.hasWork
                guard let mark = before[id], mark.position == progress.position, !rests else {
                    marks[id] = Mark(stream: stream, position: progress.position, since: now)
                    return nil
                }
                marks[id] = mark
                return mark.since.duration(to: now) >= limit ? "\(progress.topic)[\(progress.partition)]" : nil
            }
        }
    }
}

extension PartitionStatistics {
    /// Whether there is something to be done.
    fileprivate var hasWork: Bool { (lag ?? 0) > 0 || inFlight > 0 || buffered > 0 }
}
