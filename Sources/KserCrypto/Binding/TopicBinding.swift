/// Binds sealed messages to the topic that they are sent to and to their entrypoint, so that whoever can write to topics
/// cannot put a message of one into another. Python's kser-crypto does not read them.
///
///     let codec = SecretBoxCodec(keys: ring, binding: TopicBinding())
///
/// A topic, its retry topics and its dead-letter topic count as one: workers move messages among them byte for byte, and
/// what stands in them is told from their names, never from headers, which anyone could write. A message can still be
/// put twice into its own topic: give entrypoints that must not run twice a memory of uuids.
///
/// The topic and the entrypoint stand in the envelope in clear, authenticated with the content. Dead letters that are to be
/// replayed into another topic have to be written anew: `ReplayOptions.reencodes`.
///
/// The envelope is `{"version": 2, "topic": …, "entrypoint": …, "data": …, "nonce": …}`, where data and nonce are base64 of
/// libsodium's `crypto_aead_xchacha20poly1305_ietf`. Its additional data are the length of the topic's UTF-8 as 8 bytes,
/// big-endian, the topic and the entrypoint; its key is derived from the ring's by `crypto_kdf_derive_from_key` with
/// the context `kserbind` and the id 1.
public struct TopicBinding: Sendable, Hashable {
    /// What stands between a topic's name and the delay in the names of its retry topics, as `RetryTopics` has it; default
    /// `-retry-`. Both sides need the same.
    public var retryInfix = "-retry-"
    /// What `DeadLetterTopic` adds to a topic's name; default `-dlt`. Both sides need the same.
    public var deadLetterSuffix = "-dlt"
    /// Whether the keys of records are written as a hash under a key derived from the current one, so that nobody reads
    /// them; default true. The same key gives the same hash, and so the same partition, until the ring's current key changes:
    /// then messages of a key may be in two partitions for a while, as when partitions are added.
    public var hidesKeys = true
    /// Whether messages that were sealed for another topic are let in, such as those of a topic that is mirrored under
    /// another name; default false.
    public var admitsOtherTopics = false
    /// Whether envelopes of kser-crypto's form, which are bound to nothing, are let in, while senders move to binding;
    /// default false. Meanwhile such messages can be put into any topic.
    public var admitsUnbound = false

    /// Makes a binding with the defaults.
    public init() {}

    /// The topic that a retry topic or a dead-letter topic belongs to; any other topic is its own.
    func origin(of topic: String) -> String {
        var name = Substring(topic)
        if !deadLetterSuffix.isEmpty, name.hasSuffix(deadLetterSuffix) { name.removeLast(deadLetterSuffix.count) }
        let digits = name.utf8.reversed().prefix { UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") }.count
        let front = name.dropLast(digits)
        if digits > 0, !retryInfix.isEmpty, front.hasSuffix(retryInfix) { name = front.dropLast(retryInfix.count) }
        return name.isEmpty ? topic : String(name)
    }
}
