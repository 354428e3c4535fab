import Foundation
import Kser

/// Shows records with the messages in them, a line each.
struct MessageView: Sendable {
    var codec: any MessageCodec
    var asJSON: Bool
    var showsSecrets: Bool

    func show(_ record: Record) {
        let content = Swift.Result { try message(in: record) }
        asJSON ? Console.print(json(record, content)) : Console.print(text(record, content))
    }

    private func message(in record: Record) throws -> Message {
        if record.value == nil, !record.isOversize {
            throw KserError.validation("a tombstone: the record has no value")
        }
        return try codec.decode(record.valueOrRefusal(), of: record)
    }

    private func text(_ record: Record, _ content: Swift.Result<Message, any Error>) -> String {
        let place = "\(record.timestamp.map(Self.time) ?? "-") \(record.topic)[\(record.partition)]@\(record.offset)"
        switch content {
        case .success(let message):
            let end = message.result
            let result = end.stdout.isEmpty && end.stderr.isEmpty && end.retcode == 0 ? "" : " -> \(end.retcode) \(end)"
            return "\(place) \(message) \(shown(message.params))\(result)"
        case .failure(let error):
            let reason = (error as? KserError)?.message ?? "\(error)"
            return "\(place) \(record.value?.count ?? 0) bytes, no message: \(reason)"
        }
    }

    private func json(_ record: Record, _ content: Swift.Result<Message, any Error>) -> JSONObject {
        var object: JSONObject = [
            "topic": .string(record.topic), "partition": .integer(Int64(record.partition)),
            "offset": .integer(record.offset), "timestamp": record.timestamp.map { .integer($0) } ?? nil,
            "key": record.key.map { .string(String(decoding: $0, as: UTF8.self)) } ?? nil,
            "headers": .object(
                JSONObject(
                    record.headers.map { header in
                        let text = showsSecrets ? header.text : header.redactedText
                        return (header.name, text.map { .string($0) } ?? nil)
                    }
                )
            ),
        ]
        switch content {
        case .success(let message):
            let plain = (try? JSON(parsing: JSONMessageCodec().encode(message)))?.object ?? [:]
            object.merge(["message": .object(shown(plain))])
        case .failure(let error):
            object.merge(["error": .string((error as? KserError)?.message ?? "\(error)")])
        }
        return object
    }

    private func shown(_ object: JSONObject) -> JSONObject { showsSecrets ? object : object.redacted }

    /// A time in milliseconds since 1970, in UTC: `2026-11-21T13:13:36.918Z`.
    static func time(_ timestamp: Int64) -> String {
        let (seconds, milliseconds) = timestamp.quotientAndRemainder(dividingBy: 1_000)
        let text = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        return "\(text.dropLast()).\(String(1_000 + milliseconds).dropFirst())Z"
    }
}
