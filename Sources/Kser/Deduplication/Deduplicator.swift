import Synchronization

/// Lets one message of each key through at a time, and none that the window knows.
final class Deduplicator: Sendable {
    /// Why a message does not run.
    enum Duplicate: Sendable {
        /// One of the same key was handled with success.
        case handled
        /// One of the same key is in work, and the worker does not wait for it any more.
        case inWork
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

    private typealias Waiter = CheckedContinuation<Void, Never>

    /// The records that wait for a key, first come first served.
    private struct Line {
        var owners: [Owner] = []
        var head = 0
        /// Those of them that still wait.
        var waiters: [Owner: Waiter] = [:]

        mutating func takeFirst() -> (owner: Owner, waiter: Waiter)? {
            if head >= 1_024, head * 2 >= owners.count {
                owners.removeFirst(head)
                head = 0
            }
            while head < owners.count {
                defer { head += 1 }
                if let waiter = waiters.removeValue(forKey: owners[head]) { return (owners[head], waiter) }
            }
            return nil
        }
    }

    private struct State {
        var keys: [Owner: DeduplicationKey] = [:]
        var owners: [DeduplicationKey: Owner] = [:]
        var lines: [DeduplicationKey: Line] = [:]

        mutating func give(_ key: DeduplicationKey, to owner: Owner) {
            owners[key] = owner
            keys[owner] = key
        }
    }

    /// How many messages were passed over.
    let passedOver = Atomic(0)
    private let window: any DeduplicationWindow
    /// Whether a header tells messages of one uuid apart.
    private let heedsReplays: Bool
    private let logger: KserLogger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - window: remembers what was handled.
    ///   - heedsReplays: whether what came from a dead-letter topic runs again. A header says so, which anyone can write.
    ///   - logger: takes what is passed over.
    init(_ window: any DeduplicationWindow, heedsReplays: Bool, logger: KserLogger) {
        self.window = window
        self.heedsReplays = heedsReplays
        self.logger = logger
    }

    /// Claims the key of a message for its record, until ``settle(_:of:isDone:)`` or ``release(_:of:)``.
    ///
    /// - Parameters:
    ///   - uuid: the message's uuid.
    ///   - record: its record.
    ///   - partition: the partition of the record, whose end ends the wait for another record with the key.
    ///   - aside: does the waiting, without a handler's place.
    /// - Returns: why the message does not run; nil when it does.
    func claim(
        _ uuid: String,
        by record: Record,
        of partition: PartitionStream,
        waiting aside: (() async -> Void) async -> Void
    ) async -> Duplicate? {
        let key = DeduplicationKey(uuid: uuid, replays: heedsReplays ? record.replays : 0)
        let owner = Owner(record, partition)
        let isFree = state.withLock { state in
            if let other = state.owners[key] { return other == owner }
            state.give(key, to: owner)
            return true
        }
        if !isFree {
            await aside { await wait(for: key, as: owner, in: partition) }
            if partition.isEnded || Task.isCancelled {
                release(record, of: partition)
                return .inWork
            }
        }
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

    /// Gives back the key of a record that was not handled, to the record that waits for it longest.
    func release(_ record: Record, of partition: PartitionStream) {
        let waiter = state.withLock { state -> Waiter? in
            guard let key = state.keys.removeValue(forKey: Owner(record, partition)) else { return nil }
            guard let next = state.lines[key]?.takeFirst() else {
                state.owners[key] = nil
                state.lines[key] = nil
                return nil
            }
            state.give(key, to: next.owner)
            return next.waiter
        }
        waiter?.resume()
    }

    /// Waits until a record has the key; the partition's end and the cancellation of the task end the wait without it.
    private func wait(for key: DeduplicationKey, as owner: Owner, in partition: PartitionStream) async {
        let watch = partition.onEnd { self.leave(key, owner) }
        defer { partition.forget(watch) }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let waits = state.withLock { state in
                    if partition.isEnded || Task.isCancelled { return false }
                    if state.owners[key] == nil {
                        state.give(key, to: owner)
                        return false
                    }
                    state.lines[key, default: Line()].owners.append(owner)
                    state.lines[key]?.waiters[owner] = waiter
                    return true
                }
                if !waits { waiter.resume() }
            }
        } onCancel: {
            leave(key, owner)
        }
    }

    private func leave(_ key: DeduplicationKey, _ owner: Owner) {
        state.withLock { $0.lines[key]?.waiters.removeValue(forKey: owner) }?.resume()
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
