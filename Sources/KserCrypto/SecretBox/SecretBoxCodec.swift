public import Kser

/// Messages sealed with libsodium's `crypto_secretbox`, as Python's kser-crypto writes and reads them.
///
///     let codec = SecretBoxCodec(key: try .fromEnvironment())
///     let controller = Controller(codec: codec)
///
/// A record's value is the envelope `{"data": …, "nonce": …}`, both base64; what is sealed is the message as another codec
/// writes it. Who has the key can read and forge messages, and nobody else; an envelope does not say which topic it was
/// meant for, nor when it was sealed.
///
/// Every failure is a `KserError`: `validation` with the fields at fault in its extra for an envelope or a message of
/// the wrong form, as in kser; `internal` with a ``CryptoError`` as its cause for all that has to do with the key. No text
/// of either holds a payload.
public struct SecretBoxCodec: MessageCodec {
    /// The most bytes of an envelope by default: 64 MiB.
    public static let standardMaximumSize = 64 << 20

    /// The key that seals and opens.
    public let key: SecretBoxKey
    /// How messages are written before they are sealed.
    public let base: any MessageCodec
    /// The most bytes that an envelope may have; larger ones are refused unread.
    public let maximumSize: Int

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - key: the key that seals and opens.
    ///   - base: how messages are written before they are sealed; Python peers read plain JSON only.
    ///   - maximumSize: the most bytes that an envelope may have, which bounds the memory that a hostile one takes.
    public init(
        key: SecretBoxKey,
        wrapping base: any MessageCodec = JSONMessageCodec(),
        maximumSize: Int = standardMaximumSize
    ) {
        self.key = key
        self.base = base
        self.maximumSize = maximumSize
    }

    /// The envelope of the message under a random nonce.
    ///
    /// - Throws: `KserError` when the message cannot be written or its envelope is too large.
    public func encode(_ message: Message) throws -> [UInt8] { try seal(base.encode(message)) }

    /// The message in an envelope.
    ///
    /// - Parameter bytes: the envelope: a JSON object in UTF-8.
    /// - Returns: the message.
    /// - Throws: `KserError` when the envelope is none, the key does not open it, or no message is in it.
    public func decode(_ bytes: [UInt8]) throws -> Message { try base.decode(open(bytes)) }

    /// The envelope of any bytes under a random nonce: a JSON text of one line, ASCII only.
    ///
    /// - Throws: `KserError` of kind `internal` when the envelope is larger than ``maximumSize``.
    public func seal(_ content: [UInt8]) throws(KserError) -> [UInt8] { try seal(content, nonce: SecretBox.Nonce()) }

    /// The envelope under this nonce, which must not be used twice.
    func seal(_ content: [UInt8], nonce: SecretBox.Nonce) throws(KserError) -> [UInt8] {
        try check(size: Envelope.size(ofContent: content.count))
        return Envelope.text(box: SecretBox.seal(content, nonce: nonce, key: key), nonce: nonce)
    }

    /// The bytes in an envelope, which may hold white space in and between its texts, and its fields in any order.
    ///
    /// - Throws: `KserError` when the envelope is none or the key does not open it.
    public func open(_ envelope: [UInt8]) throws(KserError) -> [UInt8] {
        try check(size: envelope.count)
        let envelope = try Envelope(parsing: envelope)
        do { return try envelope.open(with: key) } catch { throw error.kserError }
    }

    private func check(size: Int) throws(KserError) {
        if size <= maximumSize { return }
        let error = CryptoError(.tooLarge, "The envelope has \(size) bytes; at most \(maximumSize) are allowed")
        throw error.kserError
    }
}
