import Foundation

// What a handler sent through the transactions of its worker, as a store keeps it with the handler's result: when the
// transaction fails after that, it is sent with the next one.
extension JSON {
    /// Records as JSON.
    init(outbox records: [ProducerRecord]) {
        func text(_ bytes: [UInt8]?) -> JSON { bytes.map { .string(Data($0).base64EncodedString()) } ?? .null }
        self = .array(
            records.map { record in
                [
                    "topic": .string(record.topic),
                    "partition": record.partition.map { .integer(Int64($0)) } ?? .null,
                    "key": text(record.key),
                    "value": text(record.value),
                    "headers": .array(record.headers.map { [.string($0.name), text($0.value)] }),
                    "timestamp": record.timestamp.map { .integer($0) } ?? .null,
                ]
            }
        )
    }

    /// The records; nil when it is something else.
    var outbox: [ProducerRecord]? {
        func bytes(_ json: JSON?) -> [UInt8]? { json?.string.flatMap { Data(base64Encoded: $0) }.map { Array($0) } }
        return array?.compactMap { record in
            guard let topic = record["topic"]?.string else { return nil }
            let headers = record["headers"]?.array ?? []
            return ProducerRecord(
                topic: topic,
                partition: record["partition"]?.int.flatMap { Int32(exactly: $0) },
                key: bytes(record["key"]),
                value: bytes(record["value"]),
                headers: headers.compactMap { header in
                    guard let pair = header.array, pair.count == 2, let name = pair[0].string else { return nil }
                    return Record.Header(name, bytes(pair[1]))
                },
                timestamp: record["timestamp"]?.int.map { Int64($0) }
            )
        }
    }
}
