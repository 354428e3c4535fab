import CLibrdkafka

/// Sends records in the fastest way that librdkafka has: `rd_kafka_produce` in a loop, with delivery callbacks.
enum RawProducer {
    private final class Deliveries {
        var count = 0
        var failures = 0
    }

    /// - Returns: messages a second, from the first call to the last delivery.
    static func send(_ bytes: [UInt8], count: Int, to topic: String, on servers: String) throws -> Double {
        let deliveries = Deliveries()
        let client = try RawClient(
            RD_KAFKA_PRODUCER,
            // The settings that our producer has.
            [
                "bootstrap.servers": servers, "enable.idempotence": "true", "acks": "all", "linger.ms": "1",
                "sticky.partitioning.linger.ms": "0", "socket.nagle.disable": "true",
            ]
        ) { settings in
            rd_kafka_conf_set_opaque(settings, Unmanaged.passUnretained(deliveries).toOpaque())
            rd_kafka_conf_set_dr_msg_cb(settings) { _, message, opaque in
                guard let opaque, let message else { return }
                let deliveries = Unmanaged<Deliveries>.fromOpaque(opaque).takeUnretainedValue()
                deliveries.count += 1
                if message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR { deliveries.failures += 1 }
            }
        }
        let handle = rd_kafka_topic_new(client.pointer, topic, nil)
        defer { rd_kafka_topic_destroy(handle) }
        func produce(_ count: Int) {
            var bytes = bytes
            for _ in 0..<count {
                while rd_kafka_produce(
                    handle,
                    -1,
                    Int32(RD_KAFKA_MSG_F_COPY),
                    &bytes,
                    bytes.count,
                    nil,
                    0,
                    nil
                ) != 0 {
                    rd_kafka_poll(client.pointer, 1)  // the queue is full
                }
                rd_kafka_poll(client.pointer, 0)
            }
            rd_kafka_flush(client.pointer, 60_000)
        }
        produce(1)  // connects
        let clock = ContinuousClock()
        let start = clock.now
        produce(count)
        let seconds = start.duration(to: clock.now) / .seconds(1)
        guard deliveries.count == count + 1, deliveries.failures == 0 else {
            throw Misuse("\(deliveries.count - deliveries.failures) of \(count + 1) records were delivered")
        }
        return Double(count) / seconds
    }
}
