/// Sends each result to a topic as a message: the task's uuid, entrypoint, params and metadata with its final result, keyed
/// by the uuid. Any kser peer can read it.
public struct Replies: Sendable {
    /// The topic that results go to.
    public var topic: String
    private let producer: any MessageProducer

    /// Makes replies to a topic.
    public init(to topic: String, with producer: any MessageProducer) {
        self.topic = topic
        self.producer = producer
    }

    /// The record of a result. A message that could not be decoded is answered with an empty entrypoint and the
    /// result's own uuid.
    func record(of dispatch: Dispatch) throws -> ProducerRecord {
        var reply = dispatch.message ?? Message(uuid: dispatch.result.uuid, entrypoint: "")
        reply.result = dispatch.result
        return try ProducerRecord(
            reply,
            to: topic,
            key: Array(reply.uuid.utf8),
            headers: dispatch.replyHeaders,
            codec: producer.codec
        )
    }

    /// Hands the result to the producer.
    func send(_ dispatch: Dispatch) async throws -> Delivery {
        try await producer.enqueue(try record(of: dispatch))
    }
}
