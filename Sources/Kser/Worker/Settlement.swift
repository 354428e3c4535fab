/// What has to be sent and acknowledged before a record is completed, and what was handed to producers of it.
struct Settlement: Sendable {
    /// A record for a retry topic or the dead-letter topic.
    struct Parcel: Sendable {
        let record: ProducerRecord
        let producer: any MessageProducer
    }

    let record: Record
    let dispatch: Dispatch
    let parcel: Parcel?
    /// Where the result goes; nil when it goes nowhere, or is not final.
    let replies: Replies?
    var deliveries: [Delivery]?

    init(_ record: Record, _ dispatch: Dispatch, parcel: Parcel? = nil, replies: Replies? = nil) {
        self.record = record
        self.dispatch = dispatch
        self.parcel = parcel
        self.replies = replies
    }

    var isEmpty: Bool { parcel == nil && replies == nil }

    /// Whether the message was handled with success.
    var isDone: Bool { parcel == nil && dispatch.result.isSuccess }

    /// Hands everything to its producers.
    func send() async throws -> [Delivery] {
        var deliveries: [Delivery] = []
        if let parcel { deliveries.append(try await parcel.producer.enqueue(parcel.record)) }
        if let replies { deliveries.append(try await replies.send(dispatch)) }
        return deliveries
    }
}
