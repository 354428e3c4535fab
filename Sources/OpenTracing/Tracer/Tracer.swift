/// Starts spans, and moves their contexts between processes.
///
///     try await tracer.withActiveSpan("launch") { scope in
///         scope.span.setTag("dice", 3)
///         try await roll()                    // spans started in there are children
///     }
///
/// The requirements here are for those who write tracers; users call the methods of the extensions.
public protocol Tracer: AnyObject, Sendable {
    /// Knows the active span.
    var scopeManager: any ScopeManager { get }
    /// Whether the tracer does nothing at all. Then not even the arguments of its methods are computed.
    var isNoop: Bool { get }

    /// Starts a span and does not make it active.
    func startSpan(_ operationName: String, options: SpanOptions) -> any Span

    /// Starts a span of which only the name is given, as of most, and does not make it active.
    ///
    /// By default that is a span without options; a tracer may have a shorter way.
    func startSpan(named operationName: String) -> any Span

    /// Writes a context into a carrier.
    ///
    /// - Throws: ``OpenTracingError`` of code `unsupportedFormat`, or of `invalidCarrier` when the carrier is of the
    ///   wrong kind.
    func inject(_ context: any SpanContext, as format: Format, into carrier: inout Carrier) throws(OpenTracingError)

    /// Reads a context from a carrier.
    ///
    /// - Returns: the context, or nil when there is none.
    /// - Throws: ``OpenTracingError`` of code `unsupportedFormat`, `invalidCarrier`, or `spanContextCorrupted` when what
    ///   the carrier holds is malformed.
    func extract(_ format: Format, from carrier: Carrier) throws(OpenTracingError) -> (any SpanContext)?
}

extension Tracer {
    /// False.
    public var isNoop: Bool { false }

    /// Starts a span without options.
    public func startSpan(named operationName: String) -> any Span {
        startSpan(operationName, options: SpanOptions())
    }

    /// The span of the active scope.
    public var activeSpan: (any Span)? { scopeManager.activeSpan }

    /// Starts a span and does not make it active: finish it yourself. Its parent is the active span.
    ///
    /// The shortest form is a method of its own, so that nothing is prepared for a tracer that does nothing.
    ///
    /// - Parameter operationName: the span's name; computed only by a tracer that does something.
    /// - Returns: the span.
    @inlinable
    @inline(always)
    public func startSpan(_ operationName: @autoclosure () -> String) -> any Span {
        isNoop ? startSpan(named: "") : startSpan(named: operationName())
    }

    /// Starts a span and does not make it active: finish it yourself.
    ///
    /// - Parameters:
    ///   - operationName: the span's name; like the tags, computed only by a tracer that does something.
    ///   - parent: the span or context that this one is a child of.
    ///   - references: relations to other spans. How they and the active span rank is the tracer's choice.
    ///   - tags: the first tags.
    ///   - startTime: when the span began, in seconds since the epoch; nil means now.
    ///   - ignoreActiveSpan: whether the active span is not to become the parent.
    /// - Returns: the span.
    @inlinable
    @inline(always)
    public func startSpan(
        _ operationName: @autoclosure () -> String = "",
        childOf parent: (any SpanParent)? = nil,
        references: [Reference] = [],
        tags: @autoclosure () -> Fields = Fields(),
        startTime: Double? = nil,
        ignoreActiveSpan: Bool = false
    ) -> any Span {
        if isNoop { return NoopSpan.shared }
        let tags = tags()
        if tags.isEmpty, parent == nil, references.isEmpty, startTime == nil, !ignoreActiveSpan {
            return startSpan(named: operationName())
        }
        let options = SpanOptions(
            parent: parent?.parentContext,
            references: references,
            tags: tags,
            startTime: startTime,
            ignoresActiveSpan: ignoreActiveSpan
        )
        return startSpan(operationName(), options: options)
    }
}
