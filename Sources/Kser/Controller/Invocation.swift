/// A message on its way to its entrypoint, as middleware sees it.
public struct Invocation: Sendable {
    /// The message. Middleware may pass on a changed one.
    public var message: Message
    /// The record that brought it; nil in process.
    public var record: Record?
    /// How often the message has been tried, this time included.
    public var attempt: Int

    /// Makes an invocation.
    public init(message: Message, record: Record? = nil, attempt: Int = 1) {
        self.message = message
        self.record = record
        self.attempt = attempt
    }
}

/// Code around the dispatch of every message: timing, tracing, rate limits, authorisation.
///
///     struct Timing: Middleware {
///         func handle(_ invocation: Invocation, next: Next) async throws -> ExecutionResult {
///             let start = ContinuousClock.now
///             let result = try await next(invocation)
///             report(invocation.message.entrypoint, ContinuousClock.now - start)
///             return result
///         }
///     }
public protocol Middleware: Sendable {
    /// The rest of the way: further middleware, then the entrypoint.
    typealias Next = @Sendable (Invocation) async throws -> ExecutionResult

    /// Handles a message, by calling `next` or instead of it. What a handler threw is the `error` of the result that `next`
    /// gives.
    ///
    /// - Throws: an error becomes the failed result of the message.
    func handle(_ invocation: Invocation, next: Next) async throws -> ExecutionResult
}
