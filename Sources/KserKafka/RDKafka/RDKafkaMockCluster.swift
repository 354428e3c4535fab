internal import CLibrdkafka
import Foundation
import Kser
import Synchronization

/// Owns a mock cluster of librdkafka and the client that carries it.
final class RDKafkaMockCluster: @unchecked Sendable {
    // Unchecked: the properties never change, and the mock cluster's functions hand their work to its own thread.
    private let pointer: OpaquePointer
    private let client: RDKafkaClient
    let bootstrapServers: String

    init(brokers: Int, logger: KserLogger) throws(KafkaError) {
        var settings = RDKafkaSettings()
        try settings.set(RDKafkaProperty("client.id", "kser-embedded-broker"))
        client = try RDKafkaClient(RD_KAFKA_PRODUCER, settings, events: RDKafkaEvents(logger: logger))
        guard let pointer = rd_kafka_mock_cluster_new(client.pointer, Int32(clamping: brokers)) else {
            throw KafkaError(.configuration, "the embedded broker did not start: \(brokers) brokers were asked for")
        }
        RDKafkaMockDelay.shorten(pointer)
        self.pointer = pointer
        bootstrapServers = rd_kafka_mock_cluster_bootstraps(pointer).map { String(cString: $0) } ?? ""
    }

    deinit {
        let owned = Owned(pointer: pointer, client: client)
        // Waits for the mock's thread, so not here. The client goes after the cluster.
        Disposal.dispose { withExtendedLifetime(owned) { rd_kafka_mock_cluster_destroy(owned.pointer) } }
    }

    private struct Owned: @unchecked Sendable {
        // Unchecked: handed to the one thread that destroys it.
        let pointer: OpaquePointer
        let client: RDKafkaClient
    }

    func createTopic(_ name: String, partitions: Int, replication: Int) throws(KafkaError) {
        let error = rd_kafka_mock_topic_create(
            pointer,
            name,
            Int32(clamping: partitions),
            Int32(clamping: replication)
        )
        try check(error, "creating topic \"\(name)\" with \(partitions) partitions", topic: name)
    }

    func setTopicError(_ name: String, _ code: Int32) {
        rd_kafka_mock_topic_set_error(pointer, name, rd_kafka_resp_err_t(code))
    }

    func setLeader(topic: String, partition: Int32, broker: Int32) throws(KafkaError) {
        let error = rd_kafka_mock_partition_set_leader(pointer, topic, partition, broker)
        try check(error, "moving \(topic)[\(partition)] to broker \(broker)", topic: topic)
    }

    func setCoordinator(group: String, broker: Int32) throws(KafkaError) {
        try check(
            rd_kafka_mock_coordinator_set(pointer, "group", group, broker),
            "moving the coordinator of \(group) to broker \(broker)"
        )
    }

    func setBroker(_ broker: Int32, up: Bool) throws(KafkaError) {
        let error = up ? rd_kafka_mock_broker_set_up(pointer, broker) : rd_kafka_mock_broker_set_down(pointer, broker)
        try check(error, "turning broker \(broker) \(up ? "on" : "off")")
    }

    func setRoundTripTime(_ broker: Int32, milliseconds: Int32) throws(KafkaError) {
        try check(rd_kafka_mock_broker_set_rtt(pointer, broker, milliseconds), "slowing broker \(broker) down")
    }

    func fail(apiKey: Int16, codes: [Int32]) {
        let errors = codes.map { rd_kafka_resp_err_t($0) }
        rd_kafka_mock_push_request_errors_array(pointer, apiKey, errors.count, errors)
    }

    func clearFailures(apiKey: Int16) { rd_kafka_mock_clear_request_errors(pointer, apiKey) }

    private func check(_ error: rd_kafka_resp_err_t, _ doing: String, topic: String? = nil) throws(KafkaError) {
        guard error != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        throw KafkaError(error, doing: "embedded broker: \(doing)", topic: topic)
    }
}
