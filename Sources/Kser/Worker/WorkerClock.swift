import Foundation

/// What time it is, and how to wait: the system's clock, or the manual one of `KserTesting`.
public struct WorkerClock: Sendable {
    package let now: @Sendable () -> Int64
    package let uptime: @Sendable () -> Duration
    package let sleep: @Sendable (Duration) async throws -> Void

    private static let start = ContinuousClock.now

    /// The system's clock.
    public static let system = WorkerClock(
        now: { Int64(Date().timeIntervalSince1970 * 1_000) },
        uptime: { start.duration(to: .now) },
        sleep: { try await Task.sleep(for: $0) }
    )

    /// - Parameters:
    ///   - now: the milliseconds since 1970, as the machine is set.
    ///   - uptime: the time that passed since some moment, however the machine is set.
    ///   - sleep: waits; it throws when the task is cancelled.
    package init(
        now: @escaping @Sendable () -> Int64,
        uptime: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.uptime = uptime
        self.sleep = sleep
    }
}
