internal import CLibrdkafka
import Synchronization

/// The topics that a client sends to, by name.
///
/// `rd_kafka_topic_new` asks at once which brokers lead a topic. When a record brings a topic's name instead, as
/// `rd_kafka_produceva` allows, librdkafka asks with its next scan, up to a second later.
final class RDKafkaTopics: Sendable {
    struct Topic: @unchecked Sendable {
        // Unchecked: librdkafka's topics may be used from any thread.
        let pointer: OpaquePointer
    }

    private let client: RDKafkaClient
    private let known = Mutex<[String: Topic]>([:])

    init(of client: RDKafkaClient) { self.client = client }

    deinit {
        for topic in known.withLock({ $0.values }) { rd_kafka_topic_destroy(topic.pointer) }
    }

    /// A topic, which is there as long as this object.
    ///
    /// - Throws: ``KafkaError`` when librdkafka refuses its name.
    func topic(_ name: String) throws(KafkaError) -> Topic {
        if let topic = known.withLock({ $0[name] }) { return topic }
        return try make(name)
    }

    private func make(_ name: String) throws(KafkaError) -> Topic {
        guard let pointer = rd_kafka_topic_new(client.pointer, name, nil) else {
            throw KafkaError(rd_kafka_last_error(), doing: "sending to topic \"\(name)\"", topic: name)
        }
        let topic = Topic(pointer: pointer)
        let (kept, isOurs) = known.withLock { known -> (Topic, Bool) in
            if let other = known[name] { return (other, false) }
            known[name] = topic
            return (topic, true)
        }
        if !isOurs { rd_kafka_topic_destroy(pointer) }
        return kept
    }
}
