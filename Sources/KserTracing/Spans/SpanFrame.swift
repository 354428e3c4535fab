import Kser
import OpenTracing
import Synchronization

/// A span that tracing made around what runs now, with what OpenTracing does not tell of a span.
final class SpanFrame: Sendable {
    /// The innermost one of the current task.
    @TaskLocal static var current: SpanFrame?

    let span: any Span
    let name: String
    /// What the span stands for.
    let step: ExecutionStep
    /// The tags that the span began with; none unless they are written to messages.
    let tags: Fields
    /// When the span began, in seconds since the epoch; 0 unless it is written to messages.
    let startTime: Double
    private let failed = Atomic(false)

    init(_ span: any Span, _ plan: SpanPlan, tags: Fields = Fields(), startTime: Double = 0) {
        self.span = span
        // Not the plan: its tags hold the execution, and that holds the frame.
        name = plan.name
        step = plan.step
        self.tags = tags
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
    /// Starts a span. Its tags come after the start, when it is known whether they are kept.
    func startSpan(
        _ plan: SpanPlan,
        childOf parent: (any SpanParent)? = nil,
        references: [Reference] = [],
        ignoreActiveSpan: Bool = false
    ) -> any Span {
        let span = tracer.startSpan(
            plan.name,
            childOf: parent,
            references: references,
            ignoreActiveSpan: ignoreActiveSpan
        )
        if span.isRecording { span.setTags(plan.tags()) }
        return span
    }

    /// A span that was started, with what is written of it to messages.
    func frame(of span: any Span, _ plan: SpanPlan) -> SpanFrame {
        guard carriers.contains(.parentSpan) else { return SpanFrame(span, plan) }
        return SpanFrame(span, plan, tags: plan.tags(), startTime: now())
    }

    /// Makes a span active, and known to what tracing does inside; it ends with the body.
    func within<Value, E: Error>(
        _ span: any Span,
        _ plan: SpanPlan,
        _ body: (SpanFrame) async throws(E) -> Value
    ) async throws(E) -> Value {
        let frame = frame(of: span, plan)
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
