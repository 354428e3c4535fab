/// Takes finished spans. It is called in the task that ends a span: it neither waits nor throws.
public protocol Reporter: Sendable {
    /// Tells what all spans share; called once, before the first span.
    func setProcess(_ process: JaegerProcess)
    /// Takes a span.
    func report(_ span: JaegerSpan)
    /// Sends what waits, and returns when it is sent or given up.
    func close() async
}

extension Reporter {
    /// Does nothing.
    public func setProcess(_ process: JaegerProcess) {}
    /// Does nothing.
    public func close() async {}
}

/// Forgets spans.
public struct NullReporter: Reporter {
    /// Makes a reporter.
    public init() {}

    /// Does nothing.
    public func report(_ span: JaegerSpan) {}
}
