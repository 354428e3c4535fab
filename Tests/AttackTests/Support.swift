import Foundation
import Kser
import KserTesting
import Synchronization
import TestSupport

/// Runs a worker while the body does its part, then shuts it down.
func withWorker(_ worker: Worker, _ body: () async throws -> Void) async throws {
    let running = Task { try await worker.run() }
    do {
        try await body()
        await worker.shutdown()
        try await running.value
    } catch {
        running.cancel()
        _ = await running.result
        throw error
    }
}

/// Waits until something is so.
func wait(_ what: String, until isSo: @escaping @Sendable () async throws -> Bool) async throws {
    try await withDeadline(.seconds(120), what) { try await poll(isSo) }
}

/// Keeps what is logged.
final class LogKeeper: LogSink {
    private let kept = Mutex<[LogRecord]>([])

    var records: [LogRecord] { kept.withLock { $0 } }
    /// Everything of all lines, as one text.
    var text: String {
        records.map { "\($0.message) \($0.metadata) \($0.error?.description ?? "")" }.joined(separator: "\n")
    }

    func log(_ record: LogRecord) { kept.withLock { $0.append(record) } }
}

/// An attack's size: small in each run of the tests, large in `make attack`.
enum Scale {
    static let isLarge = ProcessInfo.processInfo.environment["KSER_ATTACK"] != nil

    static func count(_ small: Int, _ large: Int) -> Int { isLarge ? large : small }

    /// Tells a count, in a line that `make attack` collects.
    static func tell(_ attack: String, _ what: String) { if isLarge { print("| \(attack) | \(what) |") } }
}
