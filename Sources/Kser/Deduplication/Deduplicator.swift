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

    /// The place of the record that has a key, and for how many records it is there.
    private struct Line {
        let place = Permits(1)
        var records = 0
    }

    private struct State {
        /// The keys of the records that have them or wait for them.
        var keys: [Owner: DeduplicationKey] = [:]
        var lines: [DeduplicationKey: Line] = [:]

        /// Enters a record into the line of its key; nil when it is there since an earlier attempt.
        mutating func enter(_ owner: Owner, _ key: DeduplicationKey) -> Permits? {
            if keys.updateValue(key, forKey: owner) != nil { return nil }
            lines[key, default: Line()].records += 1
            return lines[key]?.place
        }

        /// Takes a record out of the line of its key.
        mutating func leave(_ owner: Owner) -> Permits? {
            guard let key = keys.removeValue(forKey: owner), let line = lines[key] else { return nil }
            if line.records == 1 { lines[key] = nil } else { lines[key]?.records -= 1 }
            return line.place
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
        let place = state.withLock { $0.enter(owner, key) }
        if let place, let turn = place.request() {
            await aside { await place.wait(for: turn, of: partition) }
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
            logger.consumer(.warning, "whether \(record.position) is a duplicate is not known, it runs: \(error)")
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
                logger.consumer(.warning, "task \(key) was handled, and a duplicate of it would run: \(error)")
            }
        }
        release(record, of: partition)
    }

    /// Gives back the key of a record that was not handled, to the record that waits for it longest.
    func release(_ record: Record, of partition: PartitionStream) {
        state.withLock { $0.leave(Owner(record, partition)) }?.giveBack()
    }

    /// Counts and logs a message that is passed over.
    func passOver(_ record: Record, _ message: Message?) {
        passedOver.add(1, ordering: .relaxed)
        logger.consumer(.info, "\(record.position) is passed over: \(message?.description ?? "it") was handled before")
    }
}

extension Record {
    /// How often the record was sent back from a dead-letter topic.
    package var replays: Int {
        if headers.isEmpty { return 0 }
        return max(0, text(of: LetterHeader.replays).flatMap { Int($0) } ?? 0)
    }
}
