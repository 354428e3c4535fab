import Kser
import Synchronization

/// The workers that run now, and the partitions that they work on.
final class RunningWorkers: Sendable {
    /// A partition and who works on it.
    struct Assignment: Sendable {
        let partition: PartitionStream
        let worker: Worker
    }

    private struct State {
        var workers: [Worker] = []
        var assignments: [Assignment] = []
    }

    private let state = Mutex(State())

    var all: [Worker] { state.withLock { $0.workers } }

    /// The partitions that are not taken away, in the order of their names.
    var assignments: [Assignment] {
        state.withLock { $0.assignments }
            .filter { !$0.partition.isEnded }
            .sorted { ($0.partition.topic, $0.partition.partition) < ($1.partition.topic, $1.partition.partition) }
    }

    func add(_ worker: Worker) { state.withLock { $0.workers.append(worker) } }

    func remove(_ worker: Worker) { state.withLock { $0.workers.removeAll { $0 === worker } } }

    func add(_ partition: PartitionStream, of worker: Worker) {
        state.withLock { $0.assignments.append(Assignment(partition: partition, worker: worker)) }
    }

    func remove(_ partition: PartitionStream) {
        state.withLock { $0.assignments.removeAll { $0.partition === partition } }
    }

    /// The group that reads a topic here; empty when none is known.
    func group(of topic: String) -> String {
        let workers = all
        let reader = workers.first { $0.subscribedTopics?.contains(topic) == true } ?? workers.first
        return reader?.groupID ?? ""
    }
}
