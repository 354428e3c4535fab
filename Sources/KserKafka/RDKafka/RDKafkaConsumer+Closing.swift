internal import CLibrdkafka
import Kser

// Leaving the group.
extension RDKafkaConsumer {
    /// Begins to leave the group; ``serveClosing(until:)`` does the rest.
    ///
    /// - Parameter deadline: until when a member that has just joined may wait for its partitions.
    /// - Returns: false when the client must not be destroyed; it is kept for good then.
    func beginClosing(until deadline: ContinuousClock.Instant) -> Bool {
        let isDestructible = RDKafkaClient.version >= 0x0203_0000 || becomesDestructible(until: deadline)
        if !isDestructible { client.keep() }
        setHandler(nil)
        // The error says that it is closed already.
        if let error = rd_kafka_consumer_close_queue(client.pointer, queue.pointer) { rd_kafka_error_destroy(error) }
        return isDestructible
    }

    /// librdkafka before 2.3 aborts the process when it destroys a member of a cooperative group that has joined and not
    /// got its first assignment (confluentinc/librdkafka#4312). So that one is waited for.
    private func becomesDestructible(until deadline: ContinuousClock.Instant) -> Bool {
        while isBetweenJoinAndAssignment, ContinuousClock.now < deadline { _ = poll(timeout: 50) }
        if client.events.isAssigned { return true }
        // From here on the answer to a request to join, which may be on its way, changes nothing any more.
        rd_kafka_unsubscribe(client.pointer)
        return !isBetweenJoinAndAssignment
    }

    private var isBetweenJoinAndAssignment: Bool {
        if client.events.isAssigned { return false }
        // Before the group answers it is "NONE".
        return rd_kafka_rebalance_protocol(client.pointer).map { String(cString: $0) } == "COOPERATIVE"
    }

    /// Does what closing takes.
    ///
    /// - Parameter deadline: when to stop; nil is never.
    /// - Returns: whether the client is closed.
    func serveClosing(until deadline: ContinuousClock.Instant?) -> Bool {
        while rd_kafka_consumer_closed(client.pointer) == 0 {
            if let deadline, ContinuousClock.now >= deadline { return false }
            guard let event = rd_kafka_queue_poll(queue.pointer, 100) else { continue }
            // The last rebalance comes as an event, and the client waits for the answer.
            if rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE { unassign(event) }
            rd_kafka_event_destroy(event)
        }
        return true
    }

    private func unassign(_ event: OpaquePointer) {
        let events = client.events
        guard events.isCooperative, rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS,
            let list = rd_kafka_event_topic_partition_list(event)
        else {
            rd_kafka_assign(client.pointer, nil)
            return
        }
        Self.consumeError(rd_kafka_incremental_unassign(client.pointer, list), events)
    }
}
