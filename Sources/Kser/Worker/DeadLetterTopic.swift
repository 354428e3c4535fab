/// Why a message is a dead letter. The set is open: other systems and versions may give further reasons.
public struct DeadLetterReason: RawRepresentable, Sendable, Hashable {
    /// The text in the header `kser_dlt-reason`.
    public var rawValue: String

    /// Makes a reason of its text.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The value is not a message, or the controller's `onMessage` hook refused it.
    public static let undecodable = Self(.undecodable)
    /// No entrypoint is registered under the message's name.
    public static let unknownEntrypoint = Self(.unknownEntrypoint)
    /// The process ended too often while a handler had it; see ``CrashLimit``.
    public static let crashed = Self(.crashed)
    /// It failed in a way that trying again does not mend.
    public static let rejected = Self(rawValue: "rejected")
    /// It failed as often as the ``RetryPolicy`` tries.
    public static let exhausted = Self(rawValue: "exhausted")
    /// It has more bytes than are let in, or was to be tried again and is larger than its retry topic takes.
    public static let tooLarge = Self(.tooLarge)

    init(_ refusal: Dispatch.Refusal) { self.init(rawValue: refusal.rawValue) }
}

/// Sends messages that are given up to a topic beside their own, byte for byte, with the reason in headers.
///
/// The headers are spring-kafka's (`kafka_dlt-…`, whose integers are big-endian bytes), so that its tools read them, and
/// `kser_…` with text where it has none. A message that came through retry topics goes to the dead-letter topic of the
/// topic it was in first. ``DeadLetters`` lists them and sends them back.
///
/// Of a message that the topic does not take, or the consumer did not let in, because of its size, as much is left out as
/// has to be, in this order: the error's text, the value, the application's headers, the key. The header `kser_dlt-cut` names what is left out, and the
/// original stands where `kafka_dlt-original-topic`, `…-partition` and `…-offset` say: ``DeadLetters`` takes it from there.
public struct DeadLetterTopic: Sendable {
    /// What is added to a topic's name to make the name of its dead-letter topic.
    public var suffix: String
    let producer: any MessageProducer

    /// Makes dead letters that go to `<topic><suffix>`.
    public init(suffix: String = "-dlt", with producer: any MessageProducer) {
        self.suffix = suffix
        self.producer = producer
    }

    /// The dead letter of a record, with its key, value and headers but for what is cut.
    func letter(
        for record: Record,
        _ lineage: Lineage,
        failure: Dispatch,
        reason: DeadLetterReason,
        _ cut: Cut = .nothing
    ) -> ProducerRecord {
        ProducerRecord(
            topic: lineage.topic + suffix,
            key: cut.leavesOut(.key) ? nil : record.key,
            // Empty rather than nil, which is a tombstone.
            value: cut.leavesOut(.value) ? [] : record.value,
            headers: lineage.letterHeaders(of: record, failure, reason: reason, cut)
        )
    }
}
