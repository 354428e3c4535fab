import Synchronization

/// Lets one message of each key through at a time, and none that the window knows.
final class Deduplicator: Sendable {
    /// Why a message does not run.
    indirect enum Duplicate: Sendable {
        /// One of the same key was handled with success.
        case handled
        /// One of the same key is in work.
        case inWork(DeduplicationKey)
    }

    /// A record of one assignment of a partition.
    private struct Owner: Hashable {
        let stream: ObjectIdentifier
        let offset: Int64

        init(_ record: Record, _ partition: PartitionStream) {
            stream = ObjectIdentifier(partition)
            offset = record.offset
        }
    }

    private struct State: Sendable {
        var keys: [Owner: DeduplicationKey] = [:]
        var owners: [DeduplicationKey: Owner] = [:]
        var waiters: [DeduplicationKey: [AsyncStream<Void>.Continuation]] = [:]
    }

    /// How many messages were passed over.
    let passedOver = Atomic(0)
    private let window: any DeduplicationWindow
    private let logger: KserLogger
    private let state = Mutex(State())

    init(_ window: any DeduplicationWindow, logger: KserLogger) {
        self.window = window
        self.logger = logger
    }

    /// Claims the key of a message for its record, until ``settle(_:of:isDone:)`` or ``release(_:of:)``.
    ///
    /// - Returns: why the message does not run; nil when it does.
    func claim(_ uuid: String, by record: Record, of partition: PartitionStream) async -> Duplicate? {
        let key = DeduplicationKey(uuid: uuid, replays: record.replays)
        let owner = Owner(record, partition)
        let isFree = state.withLock { state in
            if let other = state.owners[key] { return other == owner }
            state.owners[key] = owner
            state.keys[owner] = key
            return true
        }
        if !isFree { return .inWork(key) }
        do {
            guard try await window.contains(key) else { return nil }
            release(record, of: partition)
            return .handled
        } catch {
            log(.warning, "whether \(record.position) is a duplicate is not known, it runs: \(error)")
            return nil
        }
    }

    /// Gives a key back whose record is about to be completed.
    ///
    /// - Parameters:
    ///   - record: the record.
    ///   - partition: its partition.
    ///   - isDone: whether its message was handled with success.
    func settle(_ record: Record, of partition: PartitionStream, isDone: Bool) async {
        if isDone, let key = state.withLock({ $0.keys[Owner(record, partition)] }) {
            do {
                try await window.insert(key)
            } catch {
                log(.warning, "task \(key) was handled, and a duplicate of it would run: \(error)")
            }
        }
        release(record, of: partition)
    }

    /// Gives a key back whose record was not handled.
    func release(_ record: Record, of partition: PartitionStream) {
        let waiters = state.withLock { state -> [AsyncStream<Void>.Continuation] in
            guard let key = state.keys.removeValue(forKey: Owner(record, partition)) else { return [] }
            state.owners[key] = nil
            return state.waiters.removeValue(forKey: key) ?? []
        }
        for waiter in waiters { waiter.finish() }
    }

    /// Waits until no record has the key; the partition's end and the cancellation of the task end the wait.
    func wait(for key: DeduplicationKey, in partition: PartitionStream) async {
        let (end, waiter) = AsyncStream.makeStream(of: Void.self)
        let waits = state.withLock { state in
            if state.owners[key] == nil { return false }
            state.waiters[key, default: []].append(waiter)
            return true
        }
        if !waits { return }
        let watch = partition.onEnd { waiter.finish() }
        defer { partition.forget(watch) }
        for await _ in end {}
    }

    /// Counts and logs a message that is passed over.
    func passOver(_ record: Record, _ message: Message?) {
        passedOver.add(1, ordering: .relaxed)
        log(.info, "\(record.position) is passed over: \(message?.description ?? "it") was handled before")
    }

    private func log(_ level: LogLevel, _ text: @autoclosure () -> String) {
        logger.log(level) { LogRecord(level, logger: "kser.consumer", "Consumer: \(text())") }
    }
}

extension Record {
    /// How often the record was sent back from a dead-letter topic.
    package var replays: Int {
        if headers.isEmpty { return 0 }
        return max(0, text(of: LetterHeader.replays).flatMap { Int($0) } ?? 0)
    }
}
