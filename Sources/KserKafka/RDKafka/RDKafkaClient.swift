internal import CLibrdkafka
import Synchronization

/// Owns a client of librdkafka. Whoever uses the C object keeps this object alive; the last one to let go has it
/// destroyed on a thread of its own, since that waits for librdkafka's threads.
final class RDKafkaClient: @unchecked Sendable {
    // Unchecked: the pointer never changes, and every function of librdkafka may be called from any thread.
    let pointer: OpaquePointer
    let events: RDKafkaEvents
    private let isKept = Atomic(false)

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - type: producer or consumer.
    ///   - settings: properties and callbacks; they become the client's.
    ///   - events: takes logs and errors, and is the opaque of the callbacks.
    /// - Throws: ``KafkaError`` when librdkafka refuses the settings.
    init(_ type: rd_kafka_type_t, _ settings: consuming RDKafkaSettings, events: RDKafkaEvents) throws(KafkaError) {
        // librdkafka ends the process when it cannot make all threads of a consumer.
        if type == RD_KAFKA_CONSUMER { try startThread("kser.probe") {} }
        let opaque = Unmanaged.passRetained(events)
        rd_kafka_conf_set_opaque(settings.pointer, opaque.toOpaque())
        rd_kafka_conf_set_log_cb(settings.pointer) { client, level, facility, text in
            guard let client, let opaque = rd_kafka_opaque(client), let facility, let text else { return }
            Unmanaged<RDKafkaEvents>.fromOpaque(opaque).takeUnretainedValue()
                .log(level: level, facility: String(cString: facility), text: String(cString: text))
        }
        rd_kafka_conf_set_error_cb(settings.pointer) { _, code, reason, opaque in
            guard let opaque else { return }
            let reason = reason.map { String(cString: $0) } ?? ""
            Unmanaged<RDKafkaEvents>.fromOpaque(opaque).takeUnretainedValue()
                .failed(rd_kafka_resp_err_t(code), reason)
        }
        let pointer = settings.pointer
        let (client, text) = withErrorText { rd_kafka_new(type, pointer, $0, $1) }
        guard let client else {
            opaque.release()
            // Before its error is read, nothing else may happen on this thread.
            if rd_kafka_last_error() == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE {
                throw KafkaError(.resourceExhausted, "librdkafka made no client: \(text)", isRetriable: true)
            }
            throw settings.refusal(text)
        }
        settings.relinquish()
        self.pointer = client
        self.events = events
    }

    /// Has the C object never be destroyed.
    func keep() { isKept.store(true, ordering: .releasing) }

    deinit {
        if isKept.load(ordering: .acquiring) { return }
        let pointers = Pointers(client: pointer, opaque: Unmanaged.passUnretained(events))
        Disposal.dispose {
            rd_kafka_destroy(pointers.client)
            pointers.opaque.release()
        }
    }

    /// The error of a call that did not go well: with the reason for which no broker answers, if that is why.
    func failure(_ error: rd_kafka_resp_err_t, doing: String, topic: String? = nil) -> KafkaError {
        let failure = KafkaError(error, doing: doing, topic: topic)
        let isUnanswered =
            failure.code == .timedOut || failure.code == .brokerUnavailable
            || error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE
        guard isUnanswered, let last = events.lastFailure else { return failure }
        return KafkaError(last.code, doing: doing, reason: last.reason, topic: topic)
    }

    /// Takes what librdkafka reported, where no thread polls.
    func serveEvents() { while rd_kafka_poll(pointer, 0) > 0 {} }

    /// Why the client is of no further use; nil while it is.
    var fatalFailure: RDKafkaEvents.Failure? {
        let (code, reason) = withErrorText { rd_kafka_fatal_error(pointer, $0, $1) }
        return code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : RDKafkaEvents.Failure(code: code, reason: reason)
    }

    private struct Pointers: @unchecked Sendable {
        // Unchecked: handed to the one thread that destroys them.
        let client: OpaquePointer
        let opaque: Unmanaged<RDKafkaEvents>
    }

    /// librdkafka's version as a number, such as `0x020002ff`.
    static var version: Int32 { rd_kafka_version() }
}

/// Owns a queue of a client and keeps the client alive.
final class RDKafkaQueue: @unchecked Sendable {
    // Unchecked: both properties never change, and librdkafka's queues may be used from any thread.
    let pointer: OpaquePointer
    let client: RDKafkaClient

    /// Takes over a reference to a queue.
    init(_ pointer: OpaquePointer, of client: RDKafkaClient) {
        self.pointer = pointer
        self.client = client
    }

    deinit { rd_kafka_queue_destroy(pointer) }

    /// The queue of the client's own events.
    static func main(of client: RDKafkaClient) -> RDKafkaQueue {
        RDKafkaQueue(rd_kafka_queue_get_main(client.pointer), of: client)
    }

    /// Makes a thread that waits on the queue return.
    func wake() { rd_kafka_queue_yield(pointer) }
}
