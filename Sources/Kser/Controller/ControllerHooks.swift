/// What an application adds to every message of a ``Controller`` (kser: the methods that a Controller's subclass
/// overrides). A hook that throws never stops the consumer.
public struct ControllerHooks: Sendable {
    /// Takes a message and its result, and gives the outcome.
    public typealias Conclusion = @Sendable (Message, ExecutionResult) async throws -> ExecutionResult

    /// Called with each decoded message; what it returns is run. A throw refuses the message, as undecodable ones are.
    public var onMessage: (@Sendable (Message) async throws -> Message)?
    /// Called with each message that succeeded and its result; what it returns is the outcome.
    public var onSuccess: Conclusion?
    /// Called with each message that failed and its result; what it returns is the outcome.
    public var onError: Conclusion?

    /// Makes hooks; those left out do nothing.
    public init(
        onMessage: (@Sendable (Message) async throws -> Message)? = nil,
        onSuccess: Conclusion? = nil,
        onError: Conclusion? = nil
    ) {
        self.onMessage = onMessage
        self.onSuccess = onSuccess
        self.onError = onError
    }
}
