internal import CLibrdkafka
import Kser

/// A producing client, its queue of delivery reports, and the calls on them.
final class RDKafkaProducer: Sendable {
    /// A record's outcome and who waits for it.
    struct Report {
        let promise: Promise<RecordMetadata>
        let result: Result<RecordMetadata, any Error>
    }

    /// Outcomes that arrived together.
    struct Reports {
        var list: [Report] = []
        /// What the promises of the records cost.
        var bytes = 0
    }

    let client: RDKafkaClient
    private let queue: RDKafkaQueue
    private let topics: RDKafkaTopics
    private let bootstrapServers: String
    private let isTransactional: Bool

    init(_ configuration: ProducerConfiguration, logger: KserLogger) throws(KafkaError) {
        var settings = RDKafkaSettings()
        try settings.set(try configuration.properties())
        rd_kafka_conf_set_events(settings.pointer, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR)
        client = try RDKafkaClient(RD_KAFKA_PRODUCER, settings, events: RDKafkaEvents(logger: logger))
        queue = .main(of: client)
        topics = RDKafkaTopics(of: client)
        bootstrapServers = configuration.bootstrapServers.joined(separator: ",")
        isTransactional = configuration.transactionalID != nil
    }

    /// Makes ``poll(timeout:names:)`` return.
    func wake() { queue.wake() }

    /// Waits for delivery reports.
    ///
    /// - Returns: nil when there were none.
    func poll(timeout milliseconds: Int32, names: inout TopicNameCache) -> Reports? {
        guard let event = rd_kafka_queue_poll(queue.pointer, milliseconds) else { return nil }
        defer { rd_kafka_event_destroy(event) }
        switch rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_DR: return reports(in: event, &names)
        case RD_KAFKA_EVENT_ERROR:
            let reason = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? ""
            client.events.failed(rd_kafka_event_error(event), reason)
            return nil
        default: return nil
        }
    }

    private func reports(in event: OpaquePointer, _ names: inout TopicNameCache) -> Reports {
        var reports = Reports()
        var isAnswered = false
        reports.list.reserveCapacity(rd_kafka_event_message_count(event))
        while let message = rd_kafka_event_message_next(event) {
            guard let opaque = message.pointee._private else { continue }
            let promise = Unmanaged<Promise<RecordMetadata>>.fromOpaque(opaque).takeRetainedValue()
            let topic = names.name(of: message.pointee.rkt)
            reports.bytes += promise.cost
            let result: Result<RecordMetadata, any Error> =
                if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                    .success(Self.metadata(of: message, topic))
                } else {
                    .failure(failure(of: message, topic))
                }
            reports.list.append(Report(promise: promise, result: result))
            isAnswered = isAnswered || message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR
        }
        if isAnswered { client.events.recovered() }
        return reports
    }

    private static func metadata(
        of message: UnsafePointer<rd_kafka_message_t>,
        _ topic: String
    ) -> RecordMetadata {
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let timestamp = rd_kafka_message_timestamp(message, &type)
        return RecordMetadata(
            topic: topic,
            partition: message.pointee.partition,
            offset: message.pointee.offset < 0 ? nil : message.pointee.offset,
            timestamp: type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : timestamp
        )
    }

    private func failure(of message: UnsafePointer<rd_kafka_message_t>, _ topic: String) -> KafkaError {
        let partition = message.pointee.partition < 0 ? nil : message.pointee.partition
        let doing = "sending to topic \"\(topic)\""
        var error = KafkaError(message.pointee.err, doing: doing, topic: topic, partition: partition)
        // Nobody was there to take the record: say why.
        if error.code == .timedOut, let failure = connectionFailure(doing: "\(doing) within deliveryTimeout") {
            error = failure
            error.topic = topic
            error.partition = partition
        } else if error.code == .timedOut {
            error.message += "; raise deliveryTimeout, or look at the broker's load"
        }
        return end(doing, error) ?? error
    }

    /// Why the connections fail, as far as is known.
    func connectionFailure(doing: String) -> KafkaError? {
        guard let failure = client.events.lastFailure else { return nil }
        return KafkaError(
            failure.code,
            doing: doing,
            reason: "\(failure.reason) (bootstrapServers \(bootstrapServers))"
        )
    }

    /// Hands a record to librdkafka, which copies it. The promise is settled by a delivery report.
    ///
    /// - Throws: ``KafkaError`` when it is not taken; there will be no report then.
    func produce(_ record: ProducerRecord, _ promise: Promise<RecordMetadata>) throws(KafkaError) {
        let headers = try RDKafkaHeaders(record.headers)
        let topic = try topics.topic(record.topic)
        let opaque = Unmanaged.passRetained(promise)
        let error = withExtendedLifetime(topics) {
            withBytes(record.value) { value, size in
                withBytes(record.key) { key, keySize in
                    withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: 8) { list in
                        var call = ProduceArguments(list)
                        call.add(RD_KAFKA_VTYPE_RKT) { $0.rkt = topic.pointer }
                        call.add(RD_KAFKA_VTYPE_MSGFLAGS) { $0.i = RD_KAFKA_MSG_F_COPY }
                        call.add(RD_KAFKA_VTYPE_OPAQUE) { $0.ptr = opaque.toOpaque() }
                        call.add(RD_KAFKA_VTYPE_VALUE) { $0.mem = .init(ptr: value, size: size) }
                        call.add(RD_KAFKA_VTYPE_KEY) { $0.mem = .init(ptr: key, size: keySize) }
                        if let partition = record.partition {
                            call.add(RD_KAFKA_VTYPE_PARTITION) { $0.i32 = partition }
                        }
                        if let time = record.timestamp { call.add(RD_KAFKA_VTYPE_TIMESTAMP) { $0.i64 = time } }
                        if let pointer = headers.pointer { call.add(RD_KAFKA_VTYPE_HEADERS) { $0.headers = pointer } }
                        return rd_kafka_produceva(client.pointer, list.baseAddress, call.count)
                    }
                }
            }
        }
        guard let error else {
            headers.relinquish()
            return
        }
        opaque.release()
        throw refusal(error, record)
    }

    private func refusal(_ error: OpaquePointer, _ record: ProducerRecord) -> KafkaError {
        var failure = KafkaError(
            consuming: error,
            doing: "sending \(record.footprint) bytes to topic \"\(record.topic)\"",
            topic: record.topic
        )
        failure.partition = record.partition
        return end("sending to topic \"\(record.topic)\"", failure) ?? failure
    }

    /// Asks the brokers which partitions a topic has; for a thread that may block.
    func refresh(_ topic: String, timeout milliseconds: Int32) {
        guard let topic = try? topics.topic(topic) else { return }
        var answer: UnsafePointer<rd_kafka_metadata>?
        _ = withExtendedLifetime(topics) { rd_kafka_metadata(client.pointer, 0, topic.pointer, &answer, milliseconds) }
        if let answer { rd_kafka_metadata_destroy(answer) }
    }

    /// The error of a record that was not delivered because the client came to its end; nil while it has not.
    private func end(_ doing: String, _ error: KafkaError) -> KafkaError? {
        guard let fatal = client.fatalFailure else { return nil }
        var end = KafkaError(fatal.code, doing: doing, topic: error.topic, partition: error.partition)
        end.isFatal = !isOutdated
        end.isRetriable = isOutdated
        end.message =
            isOutdated
            ? "\(doing) failed: the broker lost track of the producer's records; this one may be there, send it again: "
            : "\(doing) failed: the producer is of no further use: "
        end.message += fatal.reason
        return end
    }

    /// Whether the client came to its end in a way that a new one does not share: a broker that lost data, or came back
    /// without it, does not find the client's records in sequence. Nothing can be said of those on their way. A
    /// transactional producer has promised more than that.
    var isOutdated: Bool {
        if isTransactional { return false }
        switch client.fatalFailure?.code {
        case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID,
            RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
            RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR__INCONSISTENT,
            RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE:
            return true
        default: return false
        }
    }

    /// How many records are on their way, or have reports to be polled.
    var outstanding: Int32 { rd_kafka_outq_len(client.pointer) }

    /// Sends what lingers and waits until nothing is on its way; for a thread that may block.
    ///
    /// - Returns: whether nothing is left.
    func flush(timeout milliseconds: Int32) -> Bool {
        rd_kafka_flush(client.pointer, milliseconds) == RD_KAFKA_RESP_ERR_NO_ERROR
    }

    /// Gives up everything that is on its way; the reports come at once.
    func purge() {
        rd_kafka_purge(
            client.pointer,
            RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING
        )
    }
}

/// The arguments of one `rd_kafka_produceva`.
private struct ProduceArguments {
    private let list: UnsafeMutableBufferPointer<rd_kafka_vu_t>
    private(set) var count = 0

    init(_ list: UnsafeMutableBufferPointer<rd_kafka_vu_t>) { self.list = list }

    mutating func add(_ type: rd_kafka_vtype_t, _ set: (inout rd_kafka_vu_s.__Unnamed_union_u) -> Void) {
        var argument = rd_kafka_vu_t()
        argument.vtype = type
        set(&argument.u)
        list.initializeElement(at: count, to: argument)
        count += 1
    }
}

/// Calls with the bytes' address: null for nil, and an address even of no bytes, since null is a tombstone.
private func withBytes<Result>(
    _ bytes: [UInt8]?,
    _ body: (UnsafeMutableRawPointer?, Int) -> Result
) -> Result {
    guard let bytes else { return body(nil, 0) }
    return bytes.withUnsafeBytes { buffer in
        if let base = buffer.baseAddress { return body(UnsafeMutableRawPointer(mutating: base), buffer.count) }
        var nothing: UInt8 = 0
        return body(&nothing, 0)
    }
}

/// Owns headers until a message takes them over. As one object they stay ours when `produceva` fails; header by header
/// librdkafka before 2.12 frees them twice then.
private struct RDKafkaHeaders: ~Copyable {
    let pointer: OpaquePointer?

    init(_ headers: [Record.Header]) throws(KafkaError) {
        guard !headers.isEmpty else {
            pointer = nil
            return
        }
        let list = rd_kafka_headers_new(headers.count)
        pointer = list
        for header in headers {
            var name = header.name
            let error = name.withUTF8 { name in
                withBytes(header.value) { value, size in
                    name.withMemoryRebound(to: CChar.self) {
                        rd_kafka_header_add(list, $0.baseAddress, $0.count, value, size)
                    }
                }
            }
            guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
                throw KafkaError(error, doing: "adding header \"\(header.name)\"")
            }
        }
    }

    deinit { if let pointer { rd_kafka_headers_destroy(pointer) } }

    consuming func relinquish() { discard self }
}
