/// How often and after what time a request is sent again.
public struct RetryPolicy: Sendable {
    /// The time before the second attempt; it doubles with each one.
    public var initialDelay: Duration = .seconds(1)
    /// The longest time between two attempts.
    public var maxDelay: Duration = .seconds(30)
    /// How much chance changes each time, as a share of it: services that fail together do not come back together.
    public var jitter = 0.2
    /// How many times a request is sent at most.
    public var maxAttempts = 5
    /// Waits for a time to pass; tests bring their own.
    package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// The defaults.
    public init() {}

    /// Requests are sent once.
    public static var never: RetryPolicy {
        var policy = RetryPolicy()
        policy.maxAttempts = 1
        return policy
    }

    /// The time before an attempt.
    ///
    /// - Parameters:
    ///   - attempt: which attempt, 2 for the second.
    ///   - asked: how long the server asks to wait at least.
    /// - Returns: the time.
    func delay(before attempt: Int, asked: Duration?) -> Duration {
        let doubled = initialDelay * (1 << min(attempt - 2, 20))
        let delay = min(doubled, maxDelay) * Double.random(in: 1 - jitter...1 + jitter)
        return max(delay, asked ?? .zero)
    }
}
