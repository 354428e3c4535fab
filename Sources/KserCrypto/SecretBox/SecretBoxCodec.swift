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

    /// The keys that seal and open.
    public let keys: SecretBoxKeyRing
    /// How messages are written before they are sealed.
    public let base: any MessageCodec
    /// Counts the messages in clear that are let in; nil refuses them.
    public let clearMessages: ClearMessages?
    /// The most bytes that an envelope may have; larger ones are refused unread.
    public let maximumSize: Int

    /// Makes a codec with one key, whose id is `default`.
    ///
    /// - Parameters:
    ///   - key: the key that seals and opens.
    ///   - base: how messages are written before they are sealed; Python peers read plain JSON only.
    ///   - clearMessages: lets in messages that are not sealed, and counts them; nil, the default, refuses them.
    ///   - maximumSize: the most bytes that an envelope may have, which bounds the memory that a hostile one takes.
    public init(
        key: SecretBoxKey,
        wrapping base: any MessageCodec = JSONMessageCodec(),
        admitting clearMessages: ClearMessages? = nil,
        maximumSize: Int = standardMaximumSize
    ) {
        self.init(
            keys: SecretBoxKeyRing(key),
            wrapping: base,
            admitting: clearMessages,
            maximumSize: maximumSize
        )
    }

    /// Makes a codec with keys that rotate.
    ///
    /// - Parameters:
    ///   - keys: the current one seals, all open.
    ///   - base: how messages are written before they are sealed; Python peers read plain JSON only.
    ///   - clearMessages: lets in messages that are not sealed, and counts them; nil, the default, refuses them.
    ///   - maximumSize: the most bytes that an envelope may have, which bounds the memory that a hostile one takes.
    public init(
        keys: SecretBoxKeyRing,
        wrapping base: any MessageCodec = JSONMessageCodec(),
        admitting clearMessages: ClearMessages? = nil,
        maximumSize: Int = standardMaximumSize
    ) {
        self.keys = keys
        self.base = base
        self.clearMessages = clearMessages
        self.maximumSize = maximumSize
    }

    /// The envelope of the message under a random nonce, sealed with the current key.
    ///
    /// - Throws: `KserError` when the message cannot be written or its envelope is too large.
    public func encode(_ message: Message) throws -> [UInt8] { try seal(base.encode(message)) }

    /// The message in an envelope.
    ///
    /// - Parameter bytes: the envelope: a JSON object in UTF-8.
    /// - Returns: the message.
    /// - Throws: `KserError` when the envelope is none, no key opens it, or no message is in it.
    public func decode(_ bytes: [UInt8]) throws -> Message {
        guard let clearMessages else { return try base.decode(open(bytes)) }
        try check(size: bytes.count)
        if let box = try Envelope.readIfSealed(bytes) { return try base.decode(open(box, keyID: nil).content) }
        let message = try base.decode(bytes)
        clearMessages.increment()
        return message
    }
}

extension SecretBoxCodec {
    /// The error, then ` <- ` and the bytes as they came, as kser-crypto logs them.
    public func importFailure(_ error: any Error, of bytes: [UInt8]) -> String {
        "\(base.importFailure(error, of: bytes)) <- \(String(decoding: bytes, as: UTF8.self))"
    }
}

extension SecretBoxCodec {
    /// The envelope of any bytes under a random nonce, sealed with the current key: a JSON text of one line, ASCII only.
    ///
    /// - Throws: `KserError` of kind `internal` when the envelope is larger than ``maximumSize``.
    public func seal(_ content: [UInt8]) throws(KserError) -> [UInt8] { try seal(content, nonce: SecretBox.Nonce()) }

    /// The envelope under this nonce, which must not be used twice.
    func seal(_ content: [UInt8], nonce: SecretBox.Nonce) throws(KserError) -> [UInt8] {
        try check(size: Envelope.size(ofContent: content.count))
        return Envelope.write(SecretBox(sealing: content, nonce: nonce, key: keys.snapshot.current.key))
    }

    /// The bytes in an envelope, which may hold white space in and between its texts, and its fields in any order.
    ///
    /// - Parameters:
    ///   - envelope: the envelope.
    ///   - keyID: the id of the key that it was sealed with; nil tries all, the current one first.
    /// - Returns: what was sealed.
    /// - Throws: `KserError` when the envelope is none or no key opens it.
    public func open(_ envelope: [UInt8], keyID: String? = nil) throws(KserError) -> [UInt8] {
        try check(size: envelope.count)
        return try open(Envelope.read(envelope), keyID: keyID).content
    }

    /// The id of the key that opens an envelope.
    ///
    /// - Throws: `KserError` when the envelope is none or no key opens it.
    public func keyID(of envelope: [UInt8]) throws(KserError) -> String {
        try check(size: envelope.count)
        return try open(Envelope.read(envelope), keyID: nil).keyID
    }

    private func open(_ box: SecretBox, keyID: String?) throws(KserError) -> (content: [UInt8], keyID: String) {
        do { return try keys.snapshot.open(box, id: keyID) } catch { throw error.kserError }
    }

    private func check(size: Int) throws(KserError) {
        if size <= maximumSize { return }
        throw CryptoError(.tooLarge, "The envelope has \(size) bytes; at most \(maximumSize) are allowed").kserError
    }
}
