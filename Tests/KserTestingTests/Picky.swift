import Kser
import KserTesting
import Synchronization

/// What a broker says to a record that it does not take.
struct Refusal: ClientError, CustomStringConvertible {
    var verdict: SendVerdict
    var failedIndex: Int?
    var description: String { "the broker refused it (\(verdict)); raise someSetting" }
}

/// A producer that does not take every record, and counts what it was asked to send.
final class Picky: MessageProducer {
    typealias Rule = @Sendable (ProducerRecord) -> SendVerdict?

    let codec: any MessageCodec = JSONMessageCodec()
    let logger = KserLogger.none
    let rule: Mutex<Rule>
    private let inner: InMemoryProducer
    private let asked = Mutex<[String: Int]>([:])

    init(_ broker: InMemoryBroker, _ rule: @escaping Rule = { _ in nil }) {
        inner = broker.makeProducer()
        self.rule = Mutex(rule)
    }

    /// Takes records of at most this many bytes into a topic.
    static func limit(_ topic: String, to bytes: Int) -> Rule {
        { $0.topic == topic && $0.size > bytes ? .tooLarge : nil }
    }

    /// How often a record was to be sent to a topic.
    func asked(_ topic: String) -> Int { asked.withLock { $0[topic] ?? 0 } }

    func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        asked.withLock { $0[record.topic, default: 0] += 1 }
        if let verdict = rule.withLock({ $0 })(record) { throw Refusal(verdict: verdict) }
        return try await inner.send(record)
    }
}

extension ProducerRecord {
    var size: Int {
        headers.reduce((key?.count ?? 0) + (value?.count ?? 0)) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) }
    }
}

/// Keeps what a worker reports about the outcomes of messages.
final class Outcomes: KserMonitor {
    private let noted = Mutex<[String]>([])
    var all: [String] { noted.withLock { $0 } }

    func messageRetried(_ record: Record, _ dispatch: Dispatch, tier: String) { note("retried \(tier)") }
    func messageGivenUp(_ record: Record, _ dispatch: Dispatch, reason: DeadLetterReason) {
        note("given up \(reason.rawValue)")
    }
    func outcomeRefused(_ record: Record, _ dispatch: Dispatch, _ error: any Error) { note("refused") }

    private func note(_ text: String) { noted.withLock { $0.append(text) } }
}
