/// How often and when a worker tries again: first in place, then through topics that delay.
///
///     let policy = RetryPolicy(
///         inPlace: Backoff(retries: 3, initial: .milliseconds(100)),
///         topics: RetryTopics([.seconds(10), .seconds(600)], with: producer)
///     )
///
/// tries a message 4 times where it stands, once after 10 seconds, once 10 minutes later, and then makes it a dead letter.
public struct RetryPolicy: Sendable {
    /// The retries where the record stands: its partition waits for it, or its key alone with `.key` concurrency, so that
    /// order is kept.
    public var inPlace: Backoff
    /// The retries after those, beside the topic: nothing waits for them, so order is lost. Nil has none.
    public var topics: RetryTopics?
    /// How often a message may end the process that handles it; nil, the default, has no limit.
    public var crashes: CrashLimit?

    /// Makes a policy.
    public init(inPlace: Backoff = Backoff(), topics: RetryTopics? = nil, crashes: CrashLimit? = nil) {
        self.inPlace = inPlace
        self.topics = topics
        self.crashes = crashes
    }
}

/// Pauses that grow from retry to retry.
public struct Backoff: Sendable {
    /// How many retries there are; default 3.
    public var retries: Int
    /// The pause before the first retry; default 100 milliseconds.
    public var initial: Duration
    /// By what the pause grows from one retry to the next; default 2.
    public var factor: Double
    /// The longest pause; default 30 seconds.
    public var cap: Duration
    /// By what part of itself a pause is longer or shorter at random, so that what failed together is not tried again
    /// together; default 0.1.
    public var jitter: Double

    package var random: @Sendable () -> Double = { Double.random(in: 0...1) }

    /// Makes a backoff; see the properties.
    public init(
        retries: Int = 3,
        initial: Duration = .milliseconds(100),
        factor: Double = 2,
        cap: Duration = .seconds(30),
        jitter: Double = 0.1
    ) {
        self.retries = retries
        self.initial = initial
        self.factor = factor
        self.cap = cap
        self.jitter = jitter
    }

    /// No retries.
    public static let none = Backoff(retries: 0)

    /// The pause before a retry, counted from 1. It is between nothing and ``cap``.
    public func pause(before retry: Int) -> Duration {
        let limit = min(max(0, cap / .seconds(1)), 1e9)
        var seconds = max(0, initial / .seconds(1))
        var left = max(1, retry) - 1
        while left > 0, seconds > 0, seconds < limit, factor != 1 {
            seconds *= factor
            left -= 1
        }
        if jitter > 0 { seconds *= 1 + min(jitter, 1) * (2 * random() - 1) }
        let pause = seconds.isFinite ? min(max(0, seconds), limit) : limit
        return .microseconds(Int64((pause * 1e6).rounded()))
    }
}
