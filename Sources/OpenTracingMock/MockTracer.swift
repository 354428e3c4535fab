public import OpenTracing
import Synchronization

/// A tracer for tests: it keeps the finished spans.
///
///     let tracer = MockTracer()
///     try await tracer.withActiveSpan("launch") { _ in … }
///     #expect(tracer.finishedSpans().map(\.operationName) == ["launch"])
///
/// Numbers are drawn from one counter: a span takes its own first, and if it begins a trace, the trace takes the next one.
public final class MockTracer: Tracer {
    private struct State {
        var lastID: UInt64 = 0
        var finished: [MockSpan] = []
        var propagators: [Format: any MockPropagator] = [
            .textMap: TextPropagator(), .httpHeaders: TextPropagator(), .binary: BinaryPropagator(),
        ]

        mutating func nextID() -> UInt64 {
            lastID += 1
            return lastID
        }
    }

    /// Knows the active span.
    public let scopeManager: any ScopeManager
    private let clock: @Sendable () -> Double
    private let state = Mutex(State())

    /// Makes a tracer.
    ///
    /// - Parameters:
    ///   - scopeManager: what knows the active span.
    ///   - clock: the time in seconds since the epoch.
    public init(
        scopeManager: any ScopeManager = TaskLocalScopeManager(),
        clock: @escaping @Sendable () -> Double = MockTracer.systemTime
    ) {
        self.scopeManager = scopeManager
        self.clock = clock
    }

    /// The finished spans, in the order in which they ended.
    public func finishedSpans() -> [MockSpan] { state.withLock { $0.finished } }

    /// Forgets the finished spans. Others still arrive when they end, and the numbers go on.
    public func reset() {
        let forgotten = state.withLock { state in
            defer { state.finished = [] }
            return state.finished
        }
        withExtendedLifetime(forgotten) {}
    }

    /// Adds or replaces what writes and reads contexts of a format.
    public func registerPropagator(_ propagator: any MockPropagator, for format: Format) {
        state.withLock { $0.propagators[format] = propagator }
    }

    func now() -> Double { clock() }

    func record(_ span: MockSpan) { state.withLock { $0.finished.append(span) } }

    /// Starts a span. Its parent is that of the options, else the context of the first reference, else the active span
    /// unless the options ignore it.
    public func startSpan(_ operationName: String, options: SpanOptions) -> any Span {
        let parent = parent(of: options) as? MockSpanContext
        let (spanID, traceID) = state.withLock { state in
            let spanID = state.nextID()
            return (spanID, parent?.traceID ?? state.nextID())
        }
        return MockSpan(
            operationName,
            context: MockSpanContext(traceID: traceID, spanID: spanID, baggageItems: parent?.baggageItems ?? [:]),
            parentID: parent?.spanID,
            tags: options.tags,
            startTime: options.startTime ?? clock(),
            tracer: self
        )
    }

    private func parent(of options: SpanOptions) -> (any SpanContext)? {
        if let parent = options.parent ?? options.references.first?.context { return parent }
        return options.ignoresActiveSpan ? nil : activeSpan?.context
    }

    /// Writes a context into a carrier.
    ///
    /// - Throws: `OpenTracingError` for a context of another tracer, an unknown format or a carrier of the wrong kind.
    public func inject(
        _ context: any SpanContext,
        as format: Format,
        into carrier: inout Carrier
    ) throws(OpenTracingError) {
        let propagator = try propagator(for: format)
        guard let context = context as? MockSpanContext else {
            throw OpenTracingError(.invalidContext, "no context of a mock tracer: \(context)")
        }
        try propagator.inject(context, into: &carrier)
    }

    /// Reads a context from a carrier.
    ///
    /// - Throws: `OpenTracingError` for an unknown format, a carrier of the wrong kind, a malformed context, and when
    ///   there is none.
    public func extract(_ format: Format, from carrier: Carrier) throws(OpenTracingError) -> (any SpanContext)? {
        try propagator(for: format).extract(from: carrier)
    }

    private func propagator(for format: Format) throws(OpenTracingError) -> any MockPropagator {
        guard let propagator = state.withLock({ $0.propagators[format] }) else { throw .unsupportedFormat(format) }
        return propagator
    }
}
