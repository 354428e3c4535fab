public import Kser

// Envelopes of any bytes, such as a file's.
extension SecretBoxCodec {
    /// The envelope of any bytes under a random nonce, sealed with the current key and bound to no topic: a JSON text of
    /// one line, ASCII only.
    ///
    /// - Throws: `KserError` of kind `internal` when the envelope is larger than ``maximumSize``.
    public func seal(_ content: [UInt8]) throws(KserError) -> [UInt8] { try seal(content, nonce: SecretBox.Nonce()) }

    /// The envelope under this nonce, which must not be used twice.
    func seal(_ content: [UInt8], nonce: SecretBox.Nonce) throws(KserError) -> [UInt8] {
        try seal(content, nonce: nonce, context: nil, key: keys.snapshot.current.key)
    }

    func seal(
        _ content: [UInt8],
        nonce: SecretBox.Nonce = SecretBox.Nonce(),
        context: MessageContext?,
        key: SecretBoxKey
    ) throws(KserError) -> [UInt8] {
        try check(size: Envelope.size(ofContent: content.count, context: context))
        return Envelope.write(SecretBox(sealing: content, nonce: nonce, context: context, key: key))
    }

    /// The bytes in an envelope, which may hold white space in and between its texts, and its fields in any order.
    ///
    /// The envelope of a message that is bound to a topic is opened whatever the topic: ``inspect(_:headers:)`` tells it.
    ///
    /// - Parameters:
    ///   - envelope: the envelope.
    ///   - keyID: the id of the key that it was sealed with; nil tries all, the current one first.
    /// - Returns: what was sealed.
    /// - Throws: `KserError` when the envelope is none or no key opens it.
    public func open(_ envelope: [UInt8], keyID: String? = nil) throws(KserError) -> [UInt8] {
        let box = try read(envelope)
        guard let keyID else { return try open(box, hint: nil).content }
        do { return try keys.snapshot.open(box, id: keyID) } catch { throw error.kserError }
    }

    /// The id of the key that opens an envelope.
    ///
    /// - Throws: `KserError` when the envelope is none or no key opens it.
    public func keyID(of envelope: [UInt8]) throws(KserError) -> String { try open(read(envelope), hint: nil).keyID }

    /// What can be told of an envelope, whether or not a key opens it.
    ///
    /// - Parameters:
    ///   - envelope: the envelope.
    ///   - headers: the headers of its record, if it came in one.
    /// - Returns: what it says, and which key opens it.
    /// - Throws: `KserError` when the envelope is none.
    public func inspect(_ envelope: [UInt8], headers: [Record.Header] = []) throws(KserError) -> EnvelopeInspection {
        let box = try read(envelope)
        let hint = headers.last { $0.name == Self.keyIDHeader }?.value
        return EnvelopeInspection(
            isBound: box.context != nil,
            topic: box.context?.topic,
            entrypoint: box.context?.entrypoint,
            contentCount: box.contentCount,
            namedKeyID: hint.map { String(decoding: $0, as: UTF8.self) },
            keyID: try? keys.snapshot.open(box, hint: hint).keyID
        )
    }

    private func read(_ envelope: [UInt8]) throws(KserError) -> SecretBox {
        try check(size: envelope.count)
        guard let box = try Envelope.read(envelope, as: [.unbound, .bound]) else {
            throw .validation("The value is no envelope")
        }
        return box
    }

    func open(_ box: SecretBox, hint: [UInt8]?) throws(KserError) -> (content: [UInt8], keyID: String) {
        do { return try keys.snapshot.open(box, hint: hint) } catch { throw error.kserError }
    }

    func check(size: Int) throws(KserError) {
        if size <= maximumSize { return }
        throw CryptoError(.tooLarge, "The envelope has \(size) bytes; at most \(maximumSize) are allowed").kserError
    }
}

/// What ``SecretBoxCodec/inspect(_:headers:)`` tells of an envelope. What it says of itself is authentic only if a key
/// opens it.
public struct EnvelopeInspection: Sendable, Hashable {
    /// Whether the message is bound to a topic and an entrypoint; kser-crypto's envelopes are not.
    public var isBound: Bool
    /// The topic that it was sealed for; nil when it is not bound.
    public var topic: String?
    /// The entrypoint that it says to be for; nil when it is not bound.
    public var entrypoint: String?
    /// How many bytes are sealed in it.
    public var contentCount: Int
    /// The id of the key that the record's header names; nil without a header.
    public var namedKeyID: String?
    /// The id of the key that opens it; nil when the ring has none that does.
    public var keyID: String?
}
