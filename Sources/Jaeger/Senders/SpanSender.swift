/// Sends batches of spans.
public protocol SpanSender: Sendable {
    /// Sends spans. It never throws: what was not sent is in the outcome.
    func send(_ spans: [JaegerSpan], of process: JaegerProcess) async -> SendOutcome
    /// Closes connections.
    func close() async
}

extension SpanSender {
    /// Does nothing.
    public func close() async {}
}

/// What became of a batch.
public struct SendOutcome: Sendable {
    /// How many spans were sent; the others are lost.
    public var sent: Int
    /// Why others are lost; when none are, what else is to be said of them.
    public var error: JaegerError?

    /// Makes an outcome.
    public init(sent: Int, error: JaegerError? = nil) {
        self.sent = sent
        self.error = error
    }
}
