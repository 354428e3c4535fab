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

    /// What a log line says about bytes that could not be decoded.
    func importFailure(_ error: any Error, of bytes: [UInt8]) -> String
}

extension MessageCodec {
    /// The error alone: `MSGID: message` for a kser error, else the error's own text.
    public func importFailure(_ error: any Error, of bytes: [UInt8]) -> String {
        (error as? KserError)?.description ?? KserError(converting: error).message
    }
}
