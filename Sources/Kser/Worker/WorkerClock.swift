import Foundation

/// What time it is, and how to wait: the system's clock, or the manual one of `KserTesting`.
public struct WorkerClock: Sendable {
    package let now: @Sendable () -> Int64
    let sleep: @Sendable (Duration) async throws -> Void

    /// The system's clock.
    public static let system = WorkerClock(
        now: { Int64(Date().timeIntervalSince1970 * 1_000) },
        sleep: { try await Task.sleep(for: $0) }
    )

    /// - Parameters:
    ///   - now: the milliseconds since 1970.
    ///   - sleep: waits; it throws when the task is cancelled.
    package init(
        now: @escaping @Sendable () -> Int64,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }
}
