/// A record that a settlement sends, and how far that is.
struct SettlementPart: Sendable {
    enum Kind: Sendable, Equatable {
        /// The message of an operation's task.
        case task(String)
        /// What the handler sent through the worker's transactions.
        case sent
        case retry(Cut)
        case letter(Cut)
        case reply(isSmall: Bool)
    }

    private enum Progress {
        case due
        case underWay(Delivery)
        case done
    }

    let kind: Kind
    /// The record, or why it could not be written.
    let record: Result<ProducerRecord, any Error>
    /// Who sends it outside a transaction.
    private let producer: (any MessageProducer)?
    private var progress = Progress.due

    init(_ kind: Kind, _ record: Result<ProducerRecord, any Error>, _ producer: (any MessageProducer)?) {
        self.kind = kind
        self.record = record
        self.producer = producer
    }

    init(_ kind: Kind, _ record: ProducerRecord, _ producer: (any MessageProducer)?) {
        self.init(kind, .success(record), producer)
    }

    var isDelivered: Bool { if case .done = progress { true } else { false } }

    var isParcel: Bool {
        switch kind {
        case .retry, .letter: true
        case .task, .sent, .reply: false
        }
    }

    func isSame(as other: SettlementPart) -> Bool {
        kind == other.kind && (try? record.get()) == (try? other.record.get())
    }

    /// Hands the record over, unless it is on its way.
    mutating func send() async throws {
        guard case .due = progress, let producer else { return }
        progress = .underWay(try await producer.enqueue(record.get()))
    }

    /// Waits until the record is delivered.
    mutating func delivered() async throws {
        guard case .underWay(let delivery) = progress else { return }
        progress = .due
        _ = try await delivery.metadata()
        progress = .done
    }
}

extension SettlementPart {
    /// The reply with a result.
    static func reply(of dispatch: Dispatch, to replies: Replies) -> SettlementPart {
        if let written = dispatch.reply { return SettlementPart(.reply(isSmall: false), written, replies.producer) }
        do {
            return SettlementPart(.reply(isSmall: false), try replies.record(of: dispatch), replies.producer)
        } catch {
            return smallReply(of: dispatch, to: replies, because: "The reply cannot be written: \(error)")
        }
    }

    /// The reply that says why the result is none.
    static func smallReply(of dispatch: Dispatch, to replies: Replies, because reason: String) -> SettlementPart {
        let record = Result { try replies.smallRecord(of: dispatch, because: reason) }
        return SettlementPart(.reply(isSmall: true), record, replies.producer)
    }
}
