/// Turns messages into record values and back. The plain one is ``JSONMessageCodec``; `KserCrypto` seals.
public protocol MessageCodec: Sendable {
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

    /// What a log line says about bytes that could not be decoded.
    func importFailure(_ error: any Error, of bytes: [UInt8]) -> String

    /// Why a message that could not be decoded is refused: the reason of its dead letter.
    ///
    /// The default is ``Dispatch/Refusal/undecodable``.
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
    /// The message as ``encode(_:)`` writes it, without headers.
    public func encode(_ message: Message, for topic: String) throws -> EncodedMessage {
        EncodedMessage(try encode(message))
    }

    /// The message as ``decode(_:)`` reads it.
    public func decode(_ bytes: [UInt8], of record: Record) throws -> Message { try decode(bytes) }

    /// ``Dispatch/Refusal/undecodable``.
    public func refusal(of error: any Error) -> Dispatch.Refusal { .undecodable }

    /// The error alone: `MSGID: message` for a kser error, else the error's own text.
    public func importFailure(_ error: any Error, of bytes: [UInt8]) -> String {
        (error as? KserError)?.description ?? KserError(converting: error).message
    }
}
