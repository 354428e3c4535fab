/// Turns messages into record values and back. The plain one is ``JSONMessageCodec``; `KserCrypto` seals.
public protocol MessageCodec: Sendable {
    /// Whether messages are secret and authentic in this form: then nothing of their content is written in clear beside
    /// them, and nothing that stands there in clear is believed; default false.
    ///
    /// Headers of retries and dead letters then hold codes and places, no texts; headers of traces have no baggage; the
    /// worker refuses to answer in clear; and a replay that a header claims counts for nothing.
    var isSealing: Bool { get }

    /// The value of a record that carries the message.
    ///
    /// - Throws: ``KserError`` when the message cannot be written.
    func encode(_ message: Message) throws -> [UInt8]

    /// Reads the message that a record's value carries.
    ///
    /// - Parameter bytes: the whole value, UTF-8.
    /// - Returns: the message; its params and metadata may still be undecoded.
    /// - Throws: ``KserError``: `validation` with the fields at fault in its extra, `internal` for what is not JSON.
    func decode(_ bytes: [UInt8]) throws -> Message

    /// What a record carries that takes the message to a topic.
    ///
    /// The default is ``encode(_:)`` without headers.
    ///
    /// - Parameters:
    ///   - message: the message.
    ///   - topic: the topic that the record is sent to.
    /// - Returns: the record's value, and the codec's own headers.
    /// - Throws: ``KserError`` when the message cannot be written.
    func encode(_ message: Message, for topic: String) throws -> EncodedMessage

    /// Reads the message of a record.
    ///
    /// The default is ``decode(_:)``, whatever the record's topic and headers.
    ///
    /// - Parameters:
    ///   - bytes: the record's value.
    ///   - record: the record, with its topic and its headers.
    /// - Returns: the message.
    /// - Throws: as ``decode(_:)``.
    func decode(_ bytes: [UInt8], of record: Record) throws -> Message

    /// What stands as the key of a record that carries a message; the same key always gives the same.
    ///
    /// The default is the key as it is.
    func recordKey(_ key: [UInt8]) -> [UInt8]

    /// What a log line says about bytes that could not be decoded, where the controller logs those at all.
    func importFailure(_ error: any Error, of bytes: [UInt8]) -> String

    /// Why a message that could not be decoded is refused: the reason of its dead letter.
    ///
    /// The default is ``Dispatch/Refusal/undecodable``, or ``Dispatch/Refusal/tooLarge`` for a message beyond the size that
    /// a codec or a reader lets in.
    func refusal(of error: any Error) -> Dispatch.Refusal
}

/// What a codec makes of a message: a record's value, and headers of the codec's own.
public struct EncodedMessage: Sendable, Hashable {
    /// The record's value.
    public var value: [UInt8]
    /// Headers for the record, such as the id of a key. They take the place of others of the same names.
    public var headers: [Record.Header]

    /// Makes it.
    public init(_ value: [UInt8], headers: [Record.Header] = []) {
        self.value = value
        self.headers = headers
    }
}

extension MessageCodec {
    /// False.
    public var isSealing: Bool { false }

    /// The key as it is.
    public func recordKey(_ key: [UInt8]) -> [UInt8] { key }

    /// The message as ``encode(_:)`` writes it, without headers.
    public func encode(_ message: Message, for topic: String) throws -> EncodedMessage {
        EncodedMessage(try encode(message))
    }

    /// The message as ``decode(_:)`` reads it.
    public func decode(_ bytes: [UInt8], of record: Record) throws -> Message { try decode(bytes) }

    /// ``Dispatch/Refusal/undecodable`` or ``Dispatch/Refusal/tooLarge``.
    public func refusal(of error: any Error) -> Dispatch.Refusal {
        (error as? KserError)?.cause is MessageTooLarge ? .tooLarge : .undecodable
    }

    /// The error alone: `MSGID: message` for a kser error, else the error's own text.
    public func importFailure(_ error: any Error, of bytes: [UInt8]) -> String {
        (error as? KserError)?.description ?? KserError(converting: error).message
    }
}
