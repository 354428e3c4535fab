/// The names of the headers on records in retry and dead-letter topics.
///
/// Those that begin with `kafka_` are spring-kafka's, with its integers: big-endian bytes. Values of those that begin with
/// `kser_` are text.
package enum LetterHeader {
    package static let attempts = "kafka_retry_topic-attempts"
    package static let due = "kafka_retry_topic-backoff-timestamp"
    package static let group = "kafka_dlt-original-consumer-group"
    package static let errorName = "kafka_dlt-exception-fqcn"
    package static let errorText = "kafka_dlt-exception-message"
    package static let reason = "kser_dlt-reason"
    package static let uuid = "kser_uuid"
    package static let entrypoint = "kser_entrypoint"
    package static let errorCode = "kser_error-code"
    package static let firstFailure = "kser_first-failure-timestamp"
    package static let rung = "kser_retry-rung"
    package static let cut = "kser_dlt-cut"
    package static let replays = "kser_replays"

    /// The headers of where a record began; spring-kafka's differ by topic.
    package struct Origin: Sendable {
        package let topic: String
        package let partition: String
        package let offset: String
        package let timestamp: String

        private init(_ prefix: String) {
            topic = "\(prefix)original-topic"
            partition = "\(prefix)original-partition"
            offset = "\(prefix)original-offset"
            timestamp = "\(prefix)original-timestamp"
        }

        var names: [String] { [topic, partition, offset, timestamp] }

        package static let retry = Origin("kafka_")
        package static let letter = Origin("kafka_dlt-")
    }

    /// All of them but ``replays``: what a record had before it failed is all others.
    static let own: Set<String> = Set(
        [attempts, due, group, errorName, errorText, reason, uuid, entrypoint, errorCode, firstFailure, rung, cut]
            + Origin.retry.names + Origin.letter.names
    )
}

extension Record {
    /// The headers that the application gave the record, and how often it was replayed.
    package var foreignHeaders: [Header] { headers.filter { !LetterHeader.own.contains($0.name) } }

    /// The text of the last header of this name.
    package func text(of name: String) -> String? {
        headers.last { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The big-endian integer in the last header of this name; nil when it is none.
    package func integer(of name: String) -> Int64? {
        guard let bytes = headers.last(where: { $0.name == name })?.value, (1...8).contains(bytes.count) else {
            return nil
        }
        let sign: Int64 = (bytes[0] & 0x80) == 0 ? 0 : -1
        return bytes.reduce(sign) { ($0 << 8) | Int64($1) }
    }
}

extension Record.Header {
    /// A header of a big-endian integer.
    package init(_ name: String, bigEndian integer: some FixedWidthInteger) {
        self.init(name, withUnsafeBytes(of: integer.bigEndian) { Array($0) })
    }
}
