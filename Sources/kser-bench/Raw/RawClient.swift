import CLibrdkafka

/// A client of librdkafka as a C program would have it: nothing of ours in between. One thread uses it.
final class RawClient {
    let pointer: OpaquePointer

    init(
        _ type: rd_kafka_type_t,
        _ properties: KeyValuePairs<String, String>,
        _ configure: (OpaquePointer?) -> Void = { _ in }
    ) throws {
        let settings = rd_kafka_conf_new()
        for (name, value) in properties {
            guard rd_kafka_conf_set(settings, name, value, nil, 0) == RD_KAFKA_CONF_OK else {
                throw Misuse("librdkafka refuses \(name)=\(value)")
            }
        }
        configure(settings)
        guard let client = rd_kafka_new(type, settings, nil, 0) else { throw Misuse("librdkafka makes no client") }
        pointer = client
    }

    deinit { rd_kafka_destroy(pointer) }
}
