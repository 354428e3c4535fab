/// A message in a dead-letter topic, and what its headers tell about it.
public struct DeadLetter: Sendable, Hashable {
    /// The record as it stands in the dead-letter topic.
    public var record: Record
    /// The message's uuid; nil when it cannot be told.
    public var uuid: String?
    /// The message's entrypoint; nil when it cannot be told.
    public var entrypoint: String?
    /// The uuid of the launched operation that it is a task of; nil when it is none, or that cannot be told.
    public var operation: String?
    /// Why it is here.
    public var reason: DeadLetterReason?
    /// The `retcode` of its last result.
    public var errorCode: Int?
    /// The name of its last error, such as `IOError`.
    public var errorName: String?
    /// The text of its last error.
    public var errorText: String?
    /// How often it was tried.
    public var attempts: Int?
    /// When it failed first, in milliseconds since 1970.
    public var firstFailure: Int64?
    /// The topic that it was sent to.
    public var originalTopic: String?
    /// Its partition there.
    public var originalPartition: Int32?
    /// Its offset there.
    public var originalOffset: Int64?
    /// Its timestamp there, in milliseconds since 1970.
    public var originalTimestamp: Int64?
    /// The consumer group that gave it up.
    public var group: String?
    /// How often it was replayed before.
    public var replays: Int
    /// What the topic did not take of it because of its size: `error-text`, `value`, `headers`, `key`, one after the other
    /// as far as it had to be; empty for most. The original has it, at ``originalTopic``, ``originalPartition`` and
    /// ``originalOffset``.
    public var cut: [String]

    /// Reads a record of a dead-letter topic, spring-kafka's too.
    ///
    /// - Parameters:
    ///   - record: the record.
    ///   - codec: reads the message: its operation, and uuid and entrypoint where the headers do not tell them.
    public init(_ record: Record, codec: any MessageCodec = JSONMessageCodec()) {
        let origin = LetterHeader.Origin.letter
        self.record = record
        uuid = record.text(of: LetterHeader.uuid)
        entrypoint = record.text(of: LetterHeader.entrypoint)
        reason = record.text(of: LetterHeader.reason).map { DeadLetterReason(rawValue: $0) }
        errorCode = record.text(of: LetterHeader.errorCode).flatMap { Int($0) }
        errorName = record.text(of: LetterHeader.errorName)
        errorText = record.text(of: LetterHeader.errorText)
        attempts = record.integer(of: LetterHeader.attempts).flatMap { Int(exactly: $0) }
        firstFailure = record.text(of: LetterHeader.firstFailure).flatMap { Int64($0) }
        originalTopic = record.text(of: origin.topic)
        originalPartition = record.integer(of: origin.partition).flatMap { Int32(exactly: $0) }
        originalOffset = record.integer(of: origin.offset)
        originalTimestamp = record.integer(of: origin.timestamp)
        group = record.text(of: LetterHeader.group)
        replays = record.replays
        cut = record.text(of: LetterHeader.cut).map { $0.split(separator: " ").map { String($0) } } ?? []
        guard let message = try? message(codec: codec) else { return }
        operation = OperationTicket(message)?.operation
        uuid = uuid ?? message.uuid
        entrypoint = entrypoint ?? message.entrypoint
    }

    /// Whether it failed as a task of an operation, which has recorded that: a copy of it is not run any more.
    var failedInOperation: Bool { operation != nil && reason != .undecodable && reason != .unknownEntrypoint }

    /// Whether it came from this topic, as far as its headers tell.
    func isFrom(_ topic: String) -> Bool { originalTopic.map { $0.utf8.elementsEqual(topic.utf8) } ?? true }

    /// The message.
    ///
    /// - Parameter codec: how the record's value becomes a message.
    /// - Returns: the message as its sender wrote it.
    /// - Throws: ``KserError`` when the value is no message.
    public func message(codec: any MessageCodec = JSONMessageCodec()) throws -> Message {
        try codec.decode(record.valueOrRefusal(), of: record)
    }
}

extension DeadLetter: CustomStringConvertible {
    /// One line: where it stands, what it is and why it is there.
    public var description: String {
        var text = "\(record.position) \(entrypoint ?? "?")[\(uuid ?? "?")] \(reason?.rawValue ?? "?")"
        if let errorCode { text += " \(errorCode)" }
        if let errorText { text += ": \(errorText)" }
        return text
    }
}
