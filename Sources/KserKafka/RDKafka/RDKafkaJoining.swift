internal import CLibrdkafka
import Synchronization

/// Whether a consumer is joining its group: it has asked to, and does not know its partitions yet.
///
/// A broker answers the requests of a connection in their order, so a commit that is sent meanwhile gets to the group when
/// that has moved on: it is refused, and librdkafka takes all partitions for lost. No function of librdkafka's tells.
final class RDKafkaJoining: Sendable {
    private let value = Atomic(false)

    var isUnderWay: Bool { value.load(ordering: .acquiring) }

    /// Has a client that is made of these settings tell. This object has to outlive it.
    func watch(_ settings: borrowing RDKafkaSettings) {
        let opaque = Unmanaged.passUnretained(self).toOpaque()
        rd_kafka_conf_interceptor_add_on_new(
            settings.pointer,
            "kser",
            { client, _, opaque, _, _ in
                rd_kafka_interceptor_add_on_request_sent(
                    client,
                    "kser",
                    { _, _, _, _, kind, _, _, _, opaque in
                        if kind == RDKafkaJoining.joinGroup { RDKafkaJoining.of(opaque)?.note(true) }
                        return RD_KAFKA_RESP_ERR_NO_ERROR
                    },
                    opaque
                )
                return rd_kafka_interceptor_add_on_response_received(
                    client,
                    "kser",
                    { _, _, _, _, kind, _, _, _, _, error, opaque in
                        let hasFailed = kind == RDKafkaJoining.joinGroup && error != RD_KAFKA_RESP_ERR_NO_ERROR
                        if kind == RDKafkaJoining.syncGroup || hasFailed { RDKafkaJoining.of(opaque)?.note(false) }
                        return RD_KAFKA_RESP_ERR_NO_ERROR
                    },
                    opaque
                )
            },
            opaque
        )
    }

    /// Kafka's numbers of the requests.
    private static let joinGroup: Int16 = 11
    private static let syncGroup: Int16 = 14

    private static func of(_ opaque: UnsafeMutableRawPointer?) -> RDKafkaJoining? {
        opaque.map { Unmanaged<RDKafkaJoining>.fromOpaque($0).takeUnretainedValue() }
    }

    private func note(_ isUnderWay: Bool) { value.store(isUnderWay, ordering: .releasing) }
}
