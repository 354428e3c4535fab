/// Reads a worker's control topic and cancels what it says.
final class CancellationListener: Sendable {
    let registry: CancellationRegistry
    private let options: Cancellations
    private let clock: WorkerClock
    private let codec: any MessageCodec
    private let logger: KserLogger
    /// Kept once the worker may begin.
    private let begin = Promise<Void>()

    init(_ options: Cancellations, clock: WorkerClock, codec: any MessageCodec, logger: KserLogger) {
        self.options = options
        self.clock = clock
        self.codec = codec
        self.logger = logger
        registry = CancellationRegistry(capacity: options.capacity, lifetime: options.lifetime, clock: clock)
    }

    /// Waits until what was cancelled before is known, or will not be known soon.
    func ready() async { try? await begin.value() }

    /// Listens until the task is cancelled.
    func run() async {
        let timer = Timers.shared.schedule(after: options.patience) { [begin] in begin.keep() }
        await listen()
        Timers.shared.cancel(timer)
        begin.keep()
    }

    private func listen() async {
        var delay = Duration.seconds(1)
        var place: Place?
        while !Task.isCancelled {
            do {
                var current = if let place { place } else { try await start() }
                defer { place = current }
                try await catchUp(&current)
                begin.keep()
                try await options.reader.follow(options.topic, from: current.next) { record in
                    take(record, isOld: false)
                    current.next[record.partition] = record.offset.addingSaturating(1)
                    delay = .seconds(1)
                }
            } catch {
                if Task.isCancelled { return }
                begin.keep()
                logger.consumer(
                    .error,
                    "control topic \(options.topic) cannot be read, trying again in \(delay): \(error)"
                )
                try? await clock.sleep(delay)
                delay = min(delay * 2, .seconds(30))
            }
        }
    }

    /// How far the topic is read.
    private struct Place {
        var next: [Int32: Int64]
        /// The partitions that held more when the worker started, and where they ended.
        var pending: [Int32: Int64]
    }

    /// Where to begin: as far before the end as is remembered anyway.
    private func start() async throws -> Place {
        let held = try await options.reader.offsets(of: options.topic)
        let next = held.mapValues { max($0.lowerBound, $0.upperBound - Int64(options.capacity)) }
        return Place(next: next, pending: held.filter { !$0.value.isEmpty }.mapValues(\.upperBound))
    }

    /// Reads what the topic held when the worker started. Its end need not be a record.
    private func catchUp(_ place: inout Place) async throws {
        for (partition, end) in place.pending {
            let next = place.next[partition] ?? end
            try await options.reader.read(options.topic, partition: partition, offsets: min(next, end)..<end) {
                record in
                take(record, isOld: true)
                return true
            }
            place.next[partition] = end
            place.pending[partition] = nil
        }
    }

    private func take(_ record: Record, isOld: Bool) {
        do {
            let message = try codec.decode(record.valueOrRefusal(), of: record)
            guard message.entrypoint == TaskCanceller.entrypoint else {
                throw KserError.validation("\(message.entrypoint) is not \(TaskCanceller.entrypoint)")
            }
            if message.uuid.isEmpty { throw KserError.validation("it has no uuid") }
            let reason = message.params["reason"]?.string ?? ""
            // A cancellation that was sent before this worker started has used up a part of its time.
            let sent = isOld ? record.timestamp : nil
            let age = sent.map { Duration.milliseconds(max(0, clock.now().subtractingSaturating($0))) } ?? .zero
            let count = registry.cancel(message.uuid, reason: reason, age: age)
            logger.consumer(count > 0 ? .info : .debug, "task \(message.uuid) cancelled, \(count) running: \(reason)")
        } catch {
            logger.consumer(.warning, "control record \(record.position) ignored: \(error)")
        }
    }
}
