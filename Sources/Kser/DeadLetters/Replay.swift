/// How dead letters are sent back.
public struct ReplayOptions: Sendable {
    /// Whether nothing is sent, only counted; default false.
    public var isDryRun = false
    /// How many are sent a second at most; nil, the default, has no limit.
    public var rate: Double?
    /// How often a message may be replayed in all; default 3. One that came back that often stays where it is.
    public var cap = 3
    /// How many are sent at most; default all.
    public var limit = Int.max
    /// The topic they are sent to; nil, the default, is the one that they came from.
    public var topic: String?
    /// Whether letters whose headers name another topic than the one that was asked for go there; default false: they
    /// stay, for whoever can write to a dead-letter topic can write any name.
    public var admitsAnyOrigin = false
    /// Whether each goes to the partition that it came from, when its topic has it; default true. So messages of a key stay
    /// where their sender put them, whatever partitioner that has. Not with ``topic``: the producer chooses there.
    public var keepsPartition = true
    /// Whether each message is read with the codec of the ``DeadLetters`` and written with the producer's, so that sealed
    /// messages come back sealed with the current key and for the topic that they go to; default false: they go back byte
    /// for byte.
    public var reencodes = false
    /// The clock of ``rate``; the system's by default.
    public var clock = WorkerClock.system

    /// Makes options with the defaults.
    public init() {}
}

/// What a replay did, or in a dry run would have done.
public struct ReplayReport: Sendable, Hashable {
    /// How many letters were sent back.
    public var replayed = 0
    /// How many of those went to the partition that they came from; the producer chose that of the others.
    public var inTheirPartition = 0
    /// How many letters stay because they were replayed ``ReplayOptions/cap`` times.
    public var overCap = 0
    /// How many letters stay because ``ReplayOptions/reencodes`` was asked for and they could not be read, or because
    /// their topic did not take them whole and their original is there no more, or larger than the reader lets in.
    public var unreadable = 0
    /// How many letters stay because they failed together with the operations whose tasks they are. Not with
    /// ``ReplayOptions/topic``.
    public var ofOperations = 0
    /// The uuids of those operations, 100 at most: ``LaunchedOperation/retry()`` runs an operation again.
    public var operations: Set<String> = []
    /// How many letters stay because their headers name another topic; see ``ReplayOptions/admitsAnyOrigin``.
    public var elsewhere = 0
    /// How many letters stay because their topic does not take them as they are, or is none.
    public var refused = 0
    /// How many letters were looked at and not selected.
    public var passedOver = 0
    /// The offset after the last letter looked at, by partition: where a later replay begins to replay none twice.
    public var ends: [Int32: Int64] = [:]

    /// A report of nothing.
    public init() {}

    mutating func note(operation: String?) {
        ofOperations += 1
        if let operation, operations.count < 100 { operations.insert(operation) }
    }
}

/// A replay that stopped half way.
public struct ReplayError: Error, Sendable, CustomStringConvertible {
    /// What was done before; its `ends` are before the letter that was not sent.
    public var report: ReplayReport
    /// The letter that was not sent; nil when reading failed.
    public var letter: DeadLetter?
    /// Why.
    public var cause: any Error

    /// What happened, for people.
    public var description: String {
        let place = letter.map { " at \($0.record.position)" } ?? ""
        return "The replay stopped\(place) after \(report.replayed) messages: \(cause)"
    }
}
