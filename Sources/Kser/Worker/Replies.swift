/// Sends each result to a topic as a message: the task's uuid, entrypoint, params and metadata with its final result, keyed
/// by the uuid. Any kser peer can read it.
///
/// A result that cannot be written, such as one with a number that is not finite, is the handler's failure, and tried
/// again or given up like any other. A reply that is larger than its topic takes is sent as a failed result without params
/// and metadata, which says so.
public struct Replies: Sendable {
    /// The topic that results go to.
    public var topic: String
    let producer: any MessageProducer

    /// Makes replies to a topic.
    public init(to topic: String, with producer: any MessageProducer) {
        self.topic = topic
        self.producer = producer
    }

    /// Writes the record of a result.
    var writer: Dispatch.Writer { { dispatch in try record(of: dispatch) } }

    /// The record of a result. A message that could not be decoded is answered with an empty entrypoint and the
    /// result's own uuid.
    ///
    /// - Throws: ``KserError`` when the result cannot be written.
    func record(of dispatch: Dispatch) throws -> ProducerRecord {
        var reply = dispatch.message ?? Message(uuid: dispatch.result.uuid, entrypoint: "")
        reply.result = dispatch.result
        return try record(reply, dispatch)
    }

    /// The record that answers in place of one that cannot be written or sent: small, whatever the message and its result.
    ///
    /// - Throws: ``KserError`` when not even that can be written.
    func smallRecord(of dispatch: Dispatch, because reason: String) throws -> ProducerRecord {
        let failed = dispatch.result
        let uuid = dispatch.message?.uuid ?? failed.uuid
        let error =
            failed.isSuccess
            ? KserError.io(reason.bounded)
            : KserError(.io, "\(failed.stderr.bounded) (\(reason.bounded))", code: failed.retcode)
        let reply = Message(
            uuid: uuid.bounded,
            entrypoint: (dispatch.message?.entrypoint ?? "").bounded,
            result: .from(error, uuid: uuid.bounded)
        )
        return try record(reply, dispatch)
    }

    private func record(_ reply: Message, _ dispatch: Dispatch) throws -> ProducerRecord {
        try ProducerRecord(
            reply,
            to: topic,
            key: Array(reply.uuid.utf8),
            headers: dispatch.replyHeaders(besideSealed: producer.codec.isSealing),
            codec: producer.codec
        )
    }
}
