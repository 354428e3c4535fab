import Kser
import KserKafka
import Synchronization
import TestSupport

/// What workers of this process handle, and when.
final class Journal: Sendable {
    struct Pages: Sendable {
        /// How often each task was handled.
        var times: [String: Int] = [:]
        /// Where each task stood when it was handled last.
        var places: [String: (partition: Int32, offset: Int64)] = [:]
        /// When each partition's records were done.
        var moments: [Int32: [ContinuousClock.Instant]] = [:]

        /// The last offset handled, by partition.
        var last: [Int32: Int64] = [:]

        var twice: Int { times.values.reduce(0) { $0 + $1 - 1 } }

        /// The longest time in which nothing of a partition was handled, while the others were.
        var longestSilence: Duration {
            let all = moments.values.joined()
            guard let first = all.min() else { return .zero }
            let silences = moments.values.flatMap { moments in
                let sorted = [first] + moments.sorted()
                return zip(sorted, sorted.dropFirst()).map { $0.duration(to: $1) }
            }
            return silences.max() ?? .zero
        }
    }

    let pages = Watched(Pages())

    /// A controller whose handler takes this long and writes into the journal.
    func controller(_ pause: @escaping @Sendable () -> Duration) async throws -> Controller {
        let pages = pages
        let controller = Controller(logger: .none)
        try await controller.register("fault.Step") { (_: JSONObject, execution) in
            let pause = pause()
            if pause > .zero { try await Task.sleep(for: pause) }
            let (uuid, record) = (execution.uuid, execution.record)
            let (partition, offset) = (record?.partition ?? -1, record?.offset ?? -1)
            pages.update { pages in
                pages.times[uuid, default: 0] += 1
                pages.places[uuid] = (partition, offset)
                pages.last[partition] = max(pages.last[partition] ?? -1, offset)
                pages.moments[partition, default: []].append(.now)
            }
        }
        return controller
    }

    /// Waits until this many different tasks are handled.
    func handled(_ count: Int, within duration: Duration = .seconds(60), _ what: String = "") async throws {
        let pages = pages
        try await withDeadline(duration, "\(count) tasks handled \(what)") {
            try await pages.wait { $0.times.count >= count ? () : nil }
        }
    }
}

/// A worker of this process, and the task that runs it.
struct Member: Sendable {
    let worker: Worker
    let running: Task<Void, any Error>

    init(
        _ configuration: ConsumerConfiguration,
        topic: String,
        controller: Controller,
        concurrency: Concurrency = .partition,
        options: WorkerOptions = WorkerOptions(),
        logger: KserLogger = .none
    ) throws {
        let consumer = try Consumer(configuration, topics: [topic], logger: logger)
        let worker = Worker(
            consumer: consumer,
            controller: controller,
            concurrency: concurrency,
            options: options
        )
        self.init(worker)
    }

    init(_ worker: Worker) {
        self.worker = worker
        running = Task { try await worker.run() }
    }

    /// Shuts the worker down, and waits until it has left.
    func leave() async throws {
        let (worker, running) = (worker, running)
        try await withDeadline(.seconds(40), "the worker's end") {
            await worker.shutdown()
            try await running.value
        }
    }
}

/// Keeps log lines.
final class Lines: LogSink, Sendable {
    let lines = Watched<[String]>([])

    func log(_ record: LogRecord) {
        let text = record.message
        lines.update { $0.append(text) }
    }

    var logger: KserLogger { KserLogger(level: .debug, sink: self) }
}
