import Kser
import OpenTracing
import Synchronization

/// A span that tracing made around what runs now, with what OpenTracing does not tell of a span.
final class SpanFrame: Sendable {
    /// The innermost one of the current task.
    @TaskLocal static var current: SpanFrame?

    let span: any Span
    let plan: SpanPlan
    /// When the span began, in seconds since the epoch; 0 unless it is written to messages.
    let startTime: Double
    private let failed = Atomic(false)

    init(_ span: any Span, _ plan: SpanPlan, startTime: Double) {
        self.span = span
        self.plan = plan
        self.startTime = startTime
    }

    /// Whether an error ended what the span stands for.
    var hasFailed: Bool { failed.load(ordering: .relaxed) }

    func fail(with error: any Error) {
        failed.store(true, ordering: .relaxed)
        span.recordError(error, at: CallSite(file: #fileID, line: #line))
    }
}

extension Tracing {
    /// Makes a span active, and known to what tracing does inside; it ends with the body.
    func within<Value, E: Error>(
        _ span: any Span,
        _ plan: SpanPlan,
        _ body: (SpanFrame) async throws(E) -> Value
    ) async throws(E) -> Value {
        let frame = SpanFrame(span, plan, startTime: carriers.contains(.parentSpan) ? now() : 0)
        let outcome = await SpanFrame.$current.withValue(frame) { () async -> Result<Value, E> in
            do throws(E) {
                let value = try await tracer.activate(span, finishOnClose: true) { _ async throws(E) in
                    try await body(frame)
                }
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}
