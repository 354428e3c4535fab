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
    }

    let record: Record
    let dispatch: Dispatch
    let verdict: Verdict
    let parcel: Parcel?
    /// Where the result goes; nil when it goes nowhere, or is not final.
    let replies: Replies?
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
        self.replies = replies
    }

    var isEmpty: Bool { parcel == nil && replies == nil }

    /// Tells what became of the message, once that is acknowledged.
    func report(to observer: (any KserObserver)?) {
        guard let observer else { return }
        switch verdict {
        case .done: break
        case .retried(let tier): observer.messageRetried(record, dispatch, tier: tier)
        case .givenUp(let reason): observer.messageGivenUp(record, dispatch, reason: reason)
        }
    }

    /// Hands everything to its producers.
    func send() async throws -> [Delivery] {
        var deliveries: [Delivery] = []
        if let parcel { deliveries.append(try await parcel.producer.enqueue(parcel.record)) }
        if let replies { deliveries.append(try await replies.send(dispatch)) }
        return deliveries
    }
}
