import Kser
import OpenTracing

/// OpenTelemetry's conventions for messaging (semantic conventions 1.44), and what kser adds to them.
enum MessagingTags {
    /// What a span of an operation on a topic begins with.
    ///
    /// - Parameters:
    ///   - name: the operation, such as `send`.
    ///   - type: its type, such as `send`.
    ///   - topic: the topic.
    ///   - kind: the span's kind.
    /// - Returns: the tags.
    static func fields(_ name: String, type: String, topic: String, kind: String) -> Fields {
        [
            Tags.spanKind: kind,
            "messaging.system": "kafka",
            "messaging.operation.name": name,
            "messaging.operation.type": type,
            "messaging.destination.name": topic,
        ]
    }

    /// Where a record was read.
    static func append(_ record: Record, to fields: inout Fields) {
        fields.append("messaging.destination.partition.id", .string(String(record.partition)))
        fields.append("messaging.kafka.offset", .integer(record.offset))
        append(key: record.key, to: &fields)
    }

    /// A key that is text.
    static func append(key: [UInt8]?, to fields: inout Fields) {
        guard let key, let text = String(validating: key, as: UTF8.self) else { return }
        fields.append("messaging.kafka.message.key", .string(text))
    }

    /// Where a record came to stand.
    static func note(_ metadata: RecordMetadata, on span: any Span) {
        guard span.isRecording else { return }
        span.setTag("messaging.destination.partition.id", String(metadata.partition))
        if let offset = metadata.offset { span.setTag("messaging.kafka.offset", offset) }
    }

    /// Why a record was not delivered.
    static func note(_ error: any Error, on span: any Span) {
        span.setTag("error.type", String(describing: type(of: error)))
    }

    /// How a message's processing ended.
    static func note(_ dispatch: Dispatch, on span: any Span) {
        guard span.isRecording else { return }
        span.setTag("kser.retcode", dispatch.result.retcode)
        if dispatch.result.isSuccess { return }
        span.setTag(Tags.error, true)
        span.setTag(
            "error.type",
            dispatch.refusal?.rawValue ?? dispatch.result.retval["error"]?["name"]?.string
                ?? String(dispatch.result.retcode)
        )
    }
}
