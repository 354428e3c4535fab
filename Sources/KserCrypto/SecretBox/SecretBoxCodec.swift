public import Kser

/// Messages sealed with libsodium's `crypto_secretbox`, as Python's kser-crypto writes and reads them.
///
///     let codec = SecretBoxCodec(key: try .fromEnvironment())
///     let controller = Controller(codec: codec)
///
/// A record's value is the envelope `{"data": …, "nonce": …}`, both base64; what is sealed is the message as another codec
/// writes it. Who has the key can read and forge messages, and nobody else; an envelope does not say which topic it was
/// meant for, nor when it was sealed. A ``TopicBinding`` binds messages to their topic and entrypoint.
///
/// Every failure is a `KserError`: `validation` with the fields at fault in its extra for an envelope or a message of
/// the wrong form, as in kser; `internal` with a ``CryptoError`` as its cause for all that has to do with the key. No text
/// of either holds a payload. A worker gives up what no key opens: with the reasons `DeadLetterReason.unknownKey`,
/// `DeadLetterReason.notAuthentic` and `DeadLetterReason.wrongContext`.
public struct SecretBoxCodec: MessageCodec {
    /// The most bytes of an envelope by default: 64 MiB.
    public static let standardMaximumSize = 64 << 20
    /// The record header with the id of the key that sealed the message, as text. It is a hint and not authenticated.
    public static let keyIDHeader = "kser_key-id"

    /// The keys that seal and open.
    public let keys: SecretBoxKeyRing
    /// How messages are written before they are sealed.
    public let base: any MessageCodec
    /// Counts the messages in clear that are let in; nil refuses them.
    public let clearMessages: ClearMessages?
    /// What binds messages to their topic and entrypoint; nil seals as kser-crypto does.
    public let binding: TopicBinding?
    /// The most bytes that an envelope may have; larger ones are refused unread.
    public let maximumSize: Int

    /// Makes a codec with one key, whose id is `default` and travels in no header.
    ///
    /// - Parameters:
    ///   - key: the key that seals and opens.
    ///   - base: how messages are written before they are sealed; Python peers read plain JSON only.
    ///   - clearMessages: lets in messages that are not sealed, and counts them; nil, the default, refuses them.
    ///   - binding: binds messages to their topic and entrypoint, for topics without a Python peer; nil, the default,
    ///     seals as kser-crypto does.
    ///   - maximumSize: the most bytes that an envelope may have, which bounds the memory that a hostile one takes.
    public init(
        key: SecretBoxKey,
        wrapping base: any MessageCodec = JSONMessageCodec(),
        admitting clearMessages: ClearMessages? = nil,
        binding: TopicBinding? = nil,
        maximumSize: Int = standardMaximumSize
    ) {
        self.init(
            keys: SecretBoxKeyRing(key),
            wrapping: base,
            admitting: clearMessages,
            binding: binding,
            maximumSize: maximumSize
        )
    }

    /// Makes a codec with keys that rotate.
    ///
    /// - Parameters:
    ///   - keys: the current one seals, all open.
    ///   - base: how messages are written before they are sealed; Python peers read plain JSON only.
    ///   - clearMessages: lets in messages that are not sealed, and counts them; nil, the default, refuses them.
    ///   - binding: binds messages to their topic and entrypoint, for topics without a Python peer; nil, the default,
    ///     seals as kser-crypto does.
    ///   - maximumSize: the most bytes that an envelope may have, which bounds the memory that a hostile one takes.
    public init(
        keys: SecretBoxKeyRing,
        wrapping base: any MessageCodec = JSONMessageCodec(),
        admitting clearMessages: ClearMessages? = nil,
        binding: TopicBinding? = nil,
        maximumSize: Int = standardMaximumSize
    ) {
        self.keys = keys
        self.base = base
        self.clearMessages = clearMessages
        self.binding = binding
        self.maximumSize = maximumSize
    }
}

extension SecretBoxCodec {
    /// The envelope of the message under a random nonce, sealed with the current key.
    ///
    /// - Throws: `KserError` when the message cannot be written or its envelope is too large; `configuration` with a
    ///   ``binding``, which needs a topic.
    public func encode(_ message: Message) throws -> [UInt8] {
        if binding != nil {
            throw KserError.configuration("Messages that are bound to their topic are sealed by encode(_:for:)")
        }
        return try seal(base.encode(message))
    }

    /// The envelope of the message for a topic, and the header with the id of the key that sealed it.
    ///
    /// - Throws: `KserError` when the message cannot be written or its envelope is too large.
    public func encode(_ message: Message, for topic: String) throws -> EncodedMessage {
        var encoded = try base.encode(message, for: topic)
        let current = keys.snapshot.current
        let context = binding.map { MessageContext(topic: $0.origin(of: topic), entrypoint: message.entrypoint) }
        encoded.value = try seal(encoded.value, context: context, key: current.key)
        encoded.headers = encoded.headers.isEmpty ? current.headers : encoded.headers + current.headers
        return encoded
    }

    /// The message in an envelope. With a ``binding`` only ``decode(_:of:)`` can tell whether the topic is right, and this
    /// refuses what is bound to one.
    ///
    /// - Parameter bytes: the envelope: a JSON object in UTF-8.
    /// - Returns: the message.
    /// - Throws: `KserError` when the envelope is none, no key opens it, or no message is in it.
    public func decode(_ bytes: [UInt8]) throws -> Message {
        try decode(bytes, topic: nil, hint: nil) { try base.decode($0) }
    }

    /// The message in the envelope of a record, opened with the key that its header names, or with any other.
    ///
    /// - Throws: `KserError` when the envelope is none, no key opens it, it is bound to another topic, or no message is in
    ///   it.
    public func decode(_ bytes: [UInt8], of record: Record) throws -> Message {
        let hint = record.headers.last { $0.name == Self.keyIDHeader }?.value
        return try decode(bytes, topic: record.topic, hint: hint) { try base.decode($0, of: record) }
    }

    private func decode(
        _ bytes: [UInt8],
        topic: String?,
        hint: [UInt8]?,
        _ read: ([UInt8]) throws -> Message
    ) throws -> Message {
        try check(size: bytes.count)
        guard let box = try Envelope.read(bytes, as: forms) else {
            let message = try read(bytes)
            clearMessages?.increment()
            return message
        }
        if let context = box.context { try check(context, topic) }
        let message = try read(open(box, hint: hint).content)
        if let context = box.context, !context.entrypoint.utf8.elementsEqual(message.entrypoint.utf8) {
            throw CryptoError(.wrongContext, "The message holds another entrypoint than its envelope says").kserError
        }
        return message
    }

    private var forms: Envelope.Forms {
        var forms: Envelope.Forms = clearMessages == nil ? [] : .clear
        forms.formUnion(binding == nil ? .unbound : .bound)
        if binding?.admitsUnbound == true { forms.formUnion(.unbound) }
        return forms
    }

    private func check(_ context: MessageContext, _ topic: String?) throws(KserError) {
        guard let binding, !binding.admitsOtherTopics else { return }
        let origin = topic.map { binding.origin(of: $0) }
        if let origin, origin.utf8.elementsEqual(context.topic.utf8) { return }
        let place = origin.map { "not for \"\($0.shortened)\"" } ?? "and came without a topic"
        let text = "The message was sealed for \"\(context.topic.shortened)\", \(place)"
        throw CryptoError(.wrongContext, text).kserError
    }
}

extension SecretBoxCodec {
    /// True: nothing of a message is written in clear beside it.
    public var isSealing: Bool { true }

    /// A hash of the key with ``TopicBinding/hidesKeys``: 32 hexadecimal digits; otherwise the key as it is.
    public func recordKey(_ key: [UInt8]) -> [UInt8] {
        binding?.hidesKeys == true ? keys.snapshot.current.key.hash(of: key) : key
    }

    /// The error, then ` <- ` and the bytes as they came, as kser-crypto logs them.
    public func importFailure(_ error: any Error, of bytes: [UInt8]) -> String {
        "\(base.importFailure(error, of: bytes)) <- \(String(decoding: bytes, as: UTF8.self))"
    }

    /// `Dispatch.Refusal.unknownKey`, `Dispatch.Refusal.notAuthentic` or
    /// `Dispatch.Refusal.wrongContext`, or what the ``base`` says.
    public func refusal(of error: any Error) -> Dispatch.Refusal { Dispatch.Refusal(error) ?? base.refusal(of: error) }
}
