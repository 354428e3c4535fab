internal import CLibrdkafka
import Kser
import Synchronization

/// Takes what librdkafka says of its own accord: log lines, which it passes on at a limited rate, and errors of
/// connections, of which it keeps the last.
final class RDKafkaEvents: Sendable {
    /// Why connections fail, or why the client is of no further use.
    struct Failure: Sendable {
        var code: rd_kafka_resp_err_t
        var reason: String
    }

    private struct State {
        var facilities: [String: LogRate] = [:]
        var failure: Failure?
        var isCooperative: Bool?
    }

    /// Whether the consumer is joining its group.
    let joining = RDKafkaJoining()
    /// Who takes partitions over and gives them up.
    let rebalanceHandler = Mutex<(any RebalanceHandler)?>(nil)

    private let logger: KserLogger
    private let state = Mutex(State())
    private let clock = ContinuousClock()

    init(logger: KserLogger) { self.logger = logger }

    /// The last failure of a connection.
    var lastFailure: Failure? { state.withLock { $0.failure } }

    /// Forgets the last failure of a connection: a broker has answered.
    func recovered() { state.withLock { $0.failure = nil } }

    /// Whether the group moves partitions one by one, as far as is known.
    var isCooperative: Bool { state.withLock { $0.isCooperative ?? false } }

    /// Whether there was an assignment, maybe an empty one.
    var isAssigned: Bool { state.withLock { $0.isCooperative != nil } }

    /// Asks which way the group moves partitions, with the first assignment: asking while the client closes may block.
    func learnProtocol(_ client: OpaquePointer) {
        if state.withLock({ $0.isCooperative != nil }) { return }
        guard let name = rd_kafka_rebalance_protocol(client) else { return }
        let isCooperative = String(cString: name) == "COOPERATIVE"
        state.withLock { $0.isCooperative = isCooperative }
    }

    /// Passes a line on. Of each facility it is at most one a second, and the next one tells how many were left out; lines
    /// for debugging come only when librdkafka's `debug` property asks for them, and then all of them.
    func log(level: Int32, facility: String, text: String) {
        let level = LogLevel(syslog: level)
        guard logger.isEnabled(level) else { return }
        let now = clock.now
        let verdict =
            level == .debug
            ? .pass(suppressed: 0)
            : state.withLock { $0.facilities[facility, default: LogRate()].next(at: now) }
        guard case .pass(let suppressed) = verdict else { return }
        let suffix = suppressed == 0 ? "" : " (\(suppressed) more suppressed)"
        logger.log(level) {
            LogRecord(
                level,
                logger: "kser.kafka",
                "\(facility): \(text)\(suffix)",
                metadata: ["facility": facility, "suppressed": "\(suppressed)"]
            )
        }
    }

    /// Whether a connection failed because one side refused the other's certificate or version. librdkafka reports some
    /// of that as a connection that was lost, with OpenSSL's text, in which only the end of a connection means no more.
    private static func isRefusalOfTLS(_ reason: String) -> Bool {
        reason.contains("SSL routines") && !reason.contains("unexpected eof")
    }

    /// Keeps an error of librdkafka's.
    func failed(_ code: rd_kafka_resp_err_t, _ reason: String) {
        state.withLock { state in
            switch code {
            // No connection's; the client tells its cause.
            case RD_KAFKA_RESP_ERR__FATAL: break
            // That all are down says less than why the last one is.
            case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN where state.failure != nil: break
            case RD_KAFKA_RESP_ERR__TRANSPORT where Self.isRefusalOfTLS(reason):
                state.failure = Failure(code: RD_KAFKA_RESP_ERR__SSL, reason: reason)
            default: state.failure = Failure(code: code, reason: reason)
            }
        }
        log(level: 3, facility: "ERROR", text: "\(KafkaError.text(code)): \(reason)")
    }
}

/// At most one line a second.
struct LogRate {
    enum Verdict: Equatable {
        case pass(suppressed: Int)
        case suppress
    }

    private var last: ContinuousClock.Instant?
    private var suppressed = 0

    mutating func next(at now: ContinuousClock.Instant) -> Verdict {
        if let last, last.duration(to: now) < .seconds(1) {
            suppressed += 1
            return .suppress
        }
        last = now
        defer { suppressed = 0 }
        return .pass(suppressed: suppressed)
    }
}

extension LogLevel {
    /// The level of one of syslog's.
    init(syslog level: Int32) {
        switch level {
        case ...3: self = .error
        case 4: self = .warning
        case 5, 6: self = .info
        default: self = .debug
        }
    }
}
