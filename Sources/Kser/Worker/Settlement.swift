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
    /// The step of an operation that the result ends; nil when there is none, or the result is not final.
    let step: OperationStep?
    var deliveries: [Delivery]?

    init(
        _ record: Record,
        _ dispatch: Dispatch,
        parcel: Parcel? = nil,
        replies: Replies? = nil,
        isFinal: Bool = true
    ) {
        self.record = record
        self.dispatch = dispatch
        self.parcel = parcel
        step = isFinal ? dispatch.step : nil
        self.replies = step?.isReplied == false ? nil : replies
    }

    var isEmpty: Bool { parcel == nil && replies == nil && step == nil }

    /// Hands everything to its producers.
    func send() async throws -> [Delivery] {
        var deliveries: [Delivery] = []
        if let step {
            for record in try await step.conclude(dispatch.result) {
                deliveries.append(try await step.cluster.producer.enqueue(record))
            }
        }
        if let parcel { deliveries.append(try await parcel.producer.enqueue(parcel.record)) }
        if let replies { deliveries.append(try await replies.send(dispatch)) }
        return deliveries
    }

    /// Everything that a transaction has to send.
    func records() async throws -> [ProducerRecord] {
        var records = try await step?.conclude(dispatch.result) ?? []
        records += dispatch.sent
        if let parcel { records.append(parcel.record) }
        if let replies { records.append(try replies.record(of: dispatch)) }
        return records
    }
}
