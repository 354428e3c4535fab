internal import CLibrdkafka
import Foundation
import Kser

/// Reads messages in batches and copies them out. One thread uses it.
final class RDKafkaBatch {
    /// What a batch held.
    struct Content {
        var records: [Record] = []
        var errors: [KafkaError] = []
        /// Where the partition ends, when its end came last.
        var end: Int64?
        var count = 0
        var bytes = 0
    }

    private let messages: UnsafeMutableBufferPointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    private let maxRecordBytes: Int
    private var names = TopicNameCache()

    /// - Parameters:
    ///   - capacity: how many messages a batch may hold.
    ///   - maxRecordBytes: of records with more, not all is copied.
    init(capacity: Int = 256, maxRecordBytes: Int) {
        self.maxRecordBytes = maxRecordBytes
        messages = .allocate(capacity: capacity)
        messages.initialize(repeating: nil)
    }

    deinit { messages.deallocate() }

    /// How many messages a batch may hold.
    var capacity: Int { messages.count }

    /// Takes what is in the queue; nothing of librdkafka's is kept.
    ///
    /// - Parameters:
    ///   - queue: the queue to read.
    ///   - limit: how many messages to take at most; never more than ``capacity``.
    ///   - timeout: how long to wait for the first, in milliseconds.
    /// - Returns: what it held.
    func read(_ queue: RDKafkaQueue, atMost limit: Int = .max, timeout: Int32 = 0) -> Content {
        let count = take(queue, min(limit, messages.count), timeout)
        var content = Content()
        guard count > 0 else { return content }
        content.count = count
        content.records.reserveCapacity(count)
        for index in 0..<count {
            guard let message = messages[index] else { continue }
            switch message.pointee.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR:
                let record = record(message)
                content.bytes += record.footprint
                content.records.append(record)
                content.end = nil
            case RD_KAFKA_RESP_ERR__PARTITION_EOF: content.end = message.pointee.offset
            default: content.errors.append(KafkaError(consuming: message, group: nil))
            }
            rd_kafka_message_destroy(message)
        }
        return content
    }

    private func take(_ queue: RDKafkaQueue, _ room: Int, _ timeout: Int32) -> Int {
        guard timeout > 0 else { return rd_kafka_consume_batch_queue(queue.pointer, 0, messages.baseAddress, room) }
        // With a timeout the call for a batch waits until the batch is full.
        guard let first = rd_kafka_consume_queue(queue.pointer, timeout) else { return 0 }
        messages[0] = first
        let rest = messages.baseAddress.map { rd_kafka_consume_batch_queue(queue.pointer, 0, $0 + 1, room - 1) }
        return 1 + max(0, rest ?? 0)
    }

    /// A copy of a message, without what is too large in it.
    private func record(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> Record {
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let timestamp = rd_kafka_message_timestamp(message, &type)
        var record = Record(
            topic: names.name(of: message.pointee.rkt),
            partition: message.pointee.partition,
            offset: message.pointee.offset,
            timestamp: type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : timestamp,
            value: nil
        )
        var list: OpaquePointer?
        if rd_kafka_message_headers(message, &list) != RD_KAFKA_RESP_ERR_NO_ERROR { list = nil }
        let headerBytes = list.map { size(of: $0) } ?? 0
        let bytes = headerBytes + message.pointee.key_len + message.pointee.len
        if bytes > maxRecordBytes {
            record.oversize = Int32(clamping: bytes)
            record.cut =
                headerBytes + message.pointee.key_len <= maxRecordBytes
                ? .value : message.pointee.key_len <= maxRecordBytes ? .headers : .key
        }
        if !record.cut.leavesOut(.value) { record.value = copy(message.pointee.payload, message.pointee.len) }
        if !record.cut.leavesOut(.headers), let list { record.headers = headers(list) }
        if !record.cut.leavesOut(.key) { record.key = copy(message.pointee.key, message.pointee.key_len) }
        return record
    }

    private func size(of list: OpaquePointer) -> Int {
        var bytes = 0
        forEachHeader(list) { name, _, count in
            bytes += Record.Header.overhead + (name.map { strlen($0) } ?? 0) + count
        }
        return bytes
    }

    private func headers(_ list: OpaquePointer) -> [Record.Header] {
        var headers: [Record.Header] = []
        forEachHeader(list) { name, value, count in
            headers.append(Record.Header(name.map { String(cString: $0) } ?? "", copy(value, count)))
        }
        return headers
    }

    private func forEachHeader(
        _ list: OpaquePointer,
        _ body: (UnsafePointer<CChar>?, UnsafeRawPointer?, Int) -> Void
    ) {
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        var index = 0
        while rd_kafka_header_get_all(list, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            body(name, value, size)
            index += 1
        }
    }

    private func copy(_ pointer: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
        guard let pointer else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: pointer, count: count))
    }
}

extension KafkaError {
    /// The error that a message of a consumer's queue carries.
    init(consuming message: UnsafeMutablePointer<rd_kafka_message_t>, group: String?) {
        let topic = message.pointee.rkt.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) }
        let partition = message.pointee.partition
        let reason = rd_kafka_message_errstr(message).map { String(cString: $0) }
        let place = topic.map { "topic \"\($0)\"" } ?? group.map { "in group \"\($0)\"" } ?? "a topic"
        self.init(
            message.pointee.err,
            doing: "consuming \(place)",
            reason: reason,
            topic: topic,
            partition: partition < 0 ? nil : partition
        )
        if message.pointee.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET {
            code = .offsetOutOfRange
            self.message += "; look at autoOffsetReset"
        }
    }
}
