import Synchronization

/// Tells of the first failure, and then of one in 15 minutes.
final class RareLog: Sendable {
    private let log: JaegerLog
    private let last = Mutex<Double?>(nil)

    init(_ log: JaegerLog) { self.log = log }

    func callAsFunction(_ level: JaegerLog.Level, _ message: String) {
        let now = SystemTime.steady
        let isDue = last.withLock { last in
            if let last, now - last < 15 * 60 { return false }
            last = now
            return true
        }
        if isDue { log(level, message) }
    }
}
