/// What has to be sent and acknowledged before a record is completed, and what was handed to producers of it.
struct Settlement: Sendable {
    /// A record for a retry topic or the dead-letter topic.
    struct Parcel: Sendable {
        let record: ProducerRecord
        let producer: any MessageProducer
    }

    /// What the settlement means for the message.
    enum Verdict: Sendable {
        case done
        /// It is tried again; the tier is the retry topic's delay.
        case retried(tier: String)
        case givenUp(DeadLetterReason)

        var isFinal: Bool { if case .retried = self { false } else { true } }
    }

    let record: Record
    let dispatch: Dispatch
    let verdict: Verdict
    let parcel: Parcel?
    /// Where the result goes; nil when it goes nowhere, or is not final.
    let replies: Replies?
    /// The step of an operation that the result ends; nil when there is none, or the result is not final.
    let step: OperationStep?
    var deliveries: [Delivery]?

    init(
        _ record: Record,
        _ dispatch: Dispatch,
        _ verdict: Verdict = .done,
        parcel: Parcel? = nil,
        replies: Replies? = nil
    ) {
        self.record = record
        self.dispatch = dispatch
        self.verdict = verdict
        self.parcel = parcel
        step = verdict.isFinal ? dispatch.step : nil
        self.replies = step?.isReplied == false ? nil : replies
    }

    var isEmpty: Bool { parcel == nil && replies == nil && step == nil }

    /// Tells what became of the message, once that is acknowledged.
    func report(to monitor: (any KserMonitor)?) {
        guard let monitor else { return }
        switch verdict {
        case .done: break
        case .retried(let tier): monitor.messageRetried(record, dispatch, tier: tier)
        case .givenUp(let reason): monitor.messageGivenUp(record, dispatch, reason: reason)
        }
    }

    /// Whether the message was handled with success.
    var isDone: Bool { parcel == nil && dispatch.result.isSuccess }

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
