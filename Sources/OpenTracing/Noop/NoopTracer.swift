/// The tracer that does nothing. It allocates nothing, and hands out the same span and the same scope each time.
public final class NoopTracer: Tracer {
    /// A no-op tracer for everyone.
    public static let shared = NoopTracer()

    /// The scope manager given at the start; it is never told of a span.
    public let scopeManager: any ScopeManager
    /// Reading it here is cheaper than asking whether the shared one has been made.
    private let span = NoopSpan.shared
    /// True.
    public var isNoop: Bool { true }

    /// Makes a tracer.
    ///
    /// - Parameter scopeManager: what ``scopeManager`` is to be; without one, a ``NoopScopeManager``.
    public init(scopeManager: (any ScopeManager)? = nil) {
        self.scopeManager = scopeManager ?? NoopScopeManager.shared
    }

    /// Returns ``NoopSpan/shared``.
    public func startSpan(_ operationName: String, options: SpanOptions) -> any Span { span }

    /// Returns ``NoopSpan/shared``.
    public func startSpan(named operationName: String) -> any Span { span }

    /// Leaves the carrier as it is.
    ///
    /// - Throws: ``OpenTracingError`` when the format is none of the three standard ones.
    public func inject(
        _ context: any SpanContext,
        as format: Format,
        into carrier: inout Carrier
    ) throws(OpenTracingError) {
        guard format.isStandard else { throw .unsupportedFormat(format) }
    }

    /// Returns a ``NoopSpanContext``.
    ///
    /// - Throws: ``OpenTracingError`` when the format is none of the three standard ones.
    public func extract(_ format: Format, from carrier: Carrier) throws(OpenTracingError) -> (any SpanContext)? {
        guard format.isStandard else { throw .unsupportedFormat(format) }
        return NoopSpanContext()
    }
}
