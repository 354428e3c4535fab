import Synchronization

/// Keeps the spans, for tests.
public final class InMemoryReporter: Reporter {
    private let kept = Mutex<[JaegerSpan]>([])

    /// Makes a reporter.
    public init() {}

    /// Keeps a span.
    public func report(_ span: JaegerSpan) { kept.withLock { $0.append(span) } }

    /// The spans, in the order in which they ended.
    public var spans: [JaegerSpan] { kept.withLock { $0 } }
}
